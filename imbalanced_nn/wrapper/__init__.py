"""scikeras' classifier kept to scikit-learn's contract: hooks, parameters, pickling, rollback."""

from imbalanced_nn.wrapper.compiled_classifier import CompiledKerasClassifier
from imbalanced_nn.wrapper.factory import NetworkFactory
from imbalanced_nn.wrapper.label_encoder import TimestepLabelEncoder
from imbalanced_nn.wrapper.loans import lending
from imbalanced_nn.wrapper.lost_arguments import lost_arguments
from imbalanced_nn.wrapper.network_training import train_network, train_opaque, trains_instead
from imbalanced_nn.wrapper.network_when_asked import NetworkWhenAsked
from imbalanced_nn.wrapper.parameters import (
    NotKept,
    check_parameters,
    is_auto,
    plain,
    used_online,
)
from imbalanced_nn.wrapper.pickling import (
    bytes_of,
    code_of,
    compiled_with,
    network_of,
    pack,
    unpack,
)
from imbalanced_nn.wrapper.rollback import restored_on_failure
from imbalanced_nn.wrapper.sklearn_classifier import SklearnKerasClassifier

__all__ = [
    "CompiledKerasClassifier",
    "NetworkFactory",
    "NetworkWhenAsked",
    "NotKept",
    "SklearnKerasClassifier",
    "TimestepLabelEncoder",
    "bytes_of",
    "check_parameters",
    "code_of",
    "compiled_with",
    "is_auto",
    "lending",
    "lost_arguments",
    "network_of",
    "pack",
    "plain",
    "restored_on_failure",
    "train_network",
    "train_opaque",
    "trains_instead",
    "unpack",
    "used_online",
]
