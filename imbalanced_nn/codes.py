"""What each code of a note stands for: what was seen, why it matters, and what to do."""

__all__ = ["CODES"]

CODES = {
    "INN001": (
        "Few rows of the rarest class are held out. Early stopping, the learned cut and every "
        "score of these rows rest on them: with 10 positives the standard error of recall is up "
        "to .16. Hold out more (validation_split), collect more, or fix the threshold."
    ),
    "INN002": (
        "Synthetic rows are made from sequences or images. A blend of two of them is rarely one: "
        "waves cancel and outlines double. Prefer samplers that pick rows, such as "
        "'balanced_batches' or 'random_over', or class weights."
    ),
    "INN003": (
        "A sampler balances the classes and class_weight does so again. That corrects twice: the "
        "loss then sees the rare class as the common one. Use one of them. The probabilities are "
        "put back all the same."
    ),
    "INN004": (
        "A threshold is tuned on rows that the network was trained on. It knows their labels, so "
        "their scores lie further apart than those of new rows: the cut is wrong and its score "
        "too high. Tune on other rows, or on those that the fit held out (tune_threshold())."
    ),
    "INN005": (
        "The threshold search looked at a bounded number of candidates only. A metric that is a "
        "function of the caller's is evaluated cut by cut; a named objective is searched over "
        "every cut at once."
    ),
    "INN006": (
        "A class or label lacks tuning rows: its threshold is not learned. Hold out rows of it, "
        "or decide by the cut that follows from its prior."
    ),
    "INN007": (
        "Class weights span more than 1:1000. A batch with one heavy row then moves the network "
        "as no other batch does, and training gets noisy. Use class_weight='balanced_sqrt', or "
        "sampler='balanced_batches', which shows the rare rows as often as the weight would "
        "have counted them."
    ),
    "INN008": (
        "A class has too few rows for the neighbours that a sampler asks for; it was given as "
        "many as there are. Blends of two or three rows add little: compare with "
        "'balanced_batches'."
    ),
    "INN009": (
        "Rows of a rare class are left out of epochs. A sampler with a fixed number of batches, "
        "or one that cuts rare classes, does not show every rare row once an epoch. Raise "
        "steps_per_epoch or the share of the class."
    ),
    "INN010": (
        "A cut rests on few positives. With fewer than fifty held out, each label counts for a "
        "share where cuts are compared and the row's probability for the rest, put right first "
        "where the held-out rows clearly contradict it, so that the cut is drawn towards the one "
        "that the probabilities alone call for. threshold=ThresholdTuner(...) takes the best cut "
        "of the rows as it is; more rows (validation_split=5) make both the same."
    ),
    "INN011": (
        "Isotonic calibration fits steps to few rows of a class, and follows their noise. Below "
        "a thousand rows sigmoid or temperature calibration, of one or two numbers, does better."
    ),
    "INN012": (
        "A loss bends the probabilities, and nothing undoes it. Losses of your own, and those "
        "that count classes differently, are least where the outputs are something else than "
        "the posterior. calibration='sigmoid' learns from the held-out rows how to put them "
        "right; plain crossentropy, also with smoothed labels, Keras' focal losses and those of "
        "imbalanced_nn.losses are undone in closed form."
    ),
    "INN013": (
        "Rows look resampled before they were given: held-out rows are copies of trained ones, "
        "classes have exactly equal numbers of rows, or weights are one number for each class. "
        "Scores on held-out rows are then too good, and probabilities at the resampled shares. "
        "Give the rows as they were and let sampler or class_weight balance them, which comes "
        "after the split and is undone; or keep equal rows on one side, with "
        "groups=imbalanced_nn.sampling.duplicate_groups(X)."
    ),
    "INN014": (
        "Which of two classes is the positive one has two readings. Of the labels 0 and 1, -1 and "
        "1, and booleans it is the greater, as everywhere in scikit-learn, and of others the "
        "rarer; one score per row belongs to the greater label. Where these differ and the "
        "objective depends on it, as F1, precision and recall do and balanced accuracy does not, "
        "pos_label says which is meant."
    ),
    "INN015": (
        "Scores rank in reverse: rows of the positive class have the lower ones, more often than "
        "scores that tell nothing. They may be those of the other class (pos_label), labels may "
        "be exchanged, or columns be in another order than the classes."
    ),
    "INN016": (
        "Synthetic rows are blends in columns of codes: ids of words or categories, flags, one-hot "
        "columns. Between the codes of two categories lies that of another, or none. Take a "
        "sampler that picks rows, such as 'random_over' or 'balanced_batches', class weights, or "
        "imbalanced-learn's SMOTENC, which is told the columns and takes the commonest code."
    ),
    "INN017": (
        "A meta-estimator drops the learned cut. Soft voting, bagging, stacking, one against the "
        "rest and CalibratedClassifierCV read the probabilities of their estimators and decide "
        "by 0.5 or the largest. Learn the cut of the whole instead, with ThresholdTuner().fit(y, "
        "proba) on rows that it was not fitted to, or with TunedThresholdClassifierCV; "
        "threshold=None says that no other is wanted."
    ),
    "INN018": (
        "The keys 0 and 1 of class_weight are labels of a multilabel target, not the values 0 "
        "and 1 of each label. A number weighs the positives of its label, next to negatives of "
        "weight 1. Give each label the weight of its positives, or use class_weight='balanced'."
    ),
    "INN019": (
        "A column alone tells nearly all classes. Few honest columns do: most are copies of the "
        "label, counts or dates that are filled in once the class is known, or numbers of rows "
        "that were sorted by class. A model that leans on it looks perfect here and fails where "
        "the column is not known yet. Leave it out unless it is known before the class is."
    ),
    "INN020": (
        "Cells of a table were read otherwise than they may look: text in a column of numbers "
        "or dates is missing, spellings of one class are one class, days and months were told "
        "apart by the whole column. Look at the cells that are named, and correct the file where "
        "the reading is wrong."
    ),
    "INN021": (
        "The finished fits of a comparison cannot be kept: the disk of its cache is full, or may "
        "not be written any more. The comparison goes on, and its results are whole, but it could "
        "not be resumed. Make room, or give a cache on another disk, before it is interrupted."
    ),
    "INN022": (
        "A worker process was stopped from outside, most often for want of memory, and its fits "
        "were begun anew in another one. The results are those of an undisturbed run. Where it "
        "happens again, run fewer fits at the same time (n_jobs)."
    ),
    "INN023": (
        "A column is far from 0 and varies little, such as 1e9 and a few more: networks calculate "
        "with float32, which has 7 digits, and its differences are rounded away. Take its mean or "
        "its least value off before the fit, with StandardScaler in a Pipeline for example, which "
        "calculates in float64."
    ),
    "INN026": (
        "The probabilities of a class were wrong by a factor of two or more on average over the "
        "held-out rows, beyond what chance explains: its rows are so few that the network has not "
        "learned how few after these epochs. The odds were multiplied so that the mean is the "
        "share of the class; the order of rows stays as it is. Train longer, or show the class "
        "more often, with sampler='balanced_batches'."
    ),
    "INN028": (
        "`imbalanced-nn predict` answered by the copy in ONNX that a model file keeps, and rows "
        "lie within 0.000001 of a cut, where the network itself might decide otherwise. It is "
        "asked about such rows where Keras is installed; here it is not. Treat them as undecided, "
        "or score them where Keras and TensorFlow are installed."
    ),
    "INN029": (
        "The network that was given as model has been trained already, and the fit goes on from "
        "its weights, as scikeras does. Clones of the estimator start from them, too: rows that it "
        "was trained on are then no new rows, neither where they are held out nor in a "
        "cross-validation. Give the function that builds the network; each fit then begins anew. "
        "For a network that was trained on other rows set warm_start=True."
    ),
    "INN030": (
        "Parameters such as optimizer or metrics, and what is routed to them, compile a network "
        "that comes uncompiled. This one comes compiled, so nothing reads them, as in scikeras. "
        "Leave compile() out of the function that builds the network, or let the function take "
        "compile_kwargs and hand them to compile()."
    ),
}
