"""A small classifier of titles: softmax regression over words and word pairs.

Owns its features and its training, which takes a fraction of a second on the examples that come
with the product and needs numpy alone. Refuses to persist anything: the examples are the truth.
Invariant: training is deterministic, so that a text is always scored alike.
"""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from kb.text import tokens

Array = npt.NDArray[np.float32]

MIN_EXAMPLES = 2
"""A word or pair must occur in this many examples to count."""
PENALTY = 1e-3
STEPS = 120
TEXT_SHARE = 0.3


def _features(text: str) -> Counter[str]:
    """Words (stems, Chinese bigrams, parts of identifiers) and pairs of neighbours."""
    words = tokens(text)
    return Counter([*words, *(f"{left} {right}" for left, right in pairwise(words))])


class Classifier:
    """Log-odds of classes for short texts, learned from labelled examples."""

    def __init__(self, examples: Sequence[tuple[str, str]]) -> None:
        """Learn from (class, text) pairs."""
        self.classes = tuple(sorted({label for label, _ in examples}))
        counted = [_features(text) for _, text in examples]
        frequency = Counter(name for features in counted for name in features)
        self._vocabulary = {
            name: column for column, name in enumerate(sorted(n for n, k in frequency.items() if k >= MIN_EXAMPLES))
        }
        spread = np.array([frequency[name] for name in self._vocabulary], dtype=np.float32)
        self._rarity: Array = (np.log((1 + len(examples)) / (1 + spread)) + 1).astype(np.float32)
        inputs = np.zeros((len(examples), len(self._vocabulary)), dtype=np.float32)
        for row, features in enumerate(counted):
            columns, values = self._vector(features)
            inputs[row, columns] = values
        self._weights, self._bias = _fit(inputs, np.array([self.classes.index(label) for label, _ in examples]))

    def _vector(self, features: Counter[str]) -> tuple[list[int], Array]:
        """Columns and unit-length tf-idf values of the known features."""
        known = [(self._vocabulary[name], count) for name, count in features.items() if name in self._vocabulary]
        columns = [column for column, _ in known]
        counts = np.array([count for _, count in known], dtype=np.float32)
        values = np.where(counts > 1, 1 + np.log(np.maximum(counts, 1)), counts) * self._rarity[columns]
        length = float(np.linalg.norm(values))
        return columns, (values / length if length else values).astype(np.float32)

    def _read(self, title: str, text: str) -> tuple[list[int], Array]:
        features = _features(title)
        if text:
            for name, count in _features(text).items():
                features[name] += count * TEXT_SHARE  # type: ignore[assignment]
        return self._vector(features)

    def log_odds(self, title: str, text: str = "") -> dict[str, float]:
        """Return an unnormalised log-probability for each class."""
        columns, values = self._read(title, text)
        scores = self._bias + values @ self._weights[columns]
        return dict(zip(self.classes, (float(score) for score in scores), strict=True))

    def telling(self, title: str, text: str, label: str, against: str, limit: int = 3) -> list[str]:
        """Return the features that spoke most for `label` and not for `against`, the strongest first."""
        columns, values = self._read(title, text)
        difference = self._weights[columns, self.classes.index(label)]
        difference = (difference - self._weights[columns, self.classes.index(against)]) * values
        names = list(self._vocabulary)
        order = sorted(range(len(columns)), key=lambda place: (-difference[place], names[columns[place]]))
        return [names[columns[place]] for place in order[:limit] if difference[place] > 0]


def _fit(inputs: Array, labels: npt.NDArray[np.int_]) -> tuple[Array, Array]:
    """Softmax regression with an L2 penalty, by accelerated gradient descent.

    Classes with few examples weigh more, by the root of the ratio.
    """
    count, width = inputs.shape
    targets = np.eye(int(labels.max()) + 1, dtype=np.float32)[labels]
    weight = np.sqrt(1 / targets.sum(axis=0))[labels]
    targets_weight = (weight / weight.mean())[:, None].astype(np.float32)
    step = 1 / (0.5 * _largest_eigenvalue(inputs) / count * float(targets_weight.max()) + PENALTY)
    weights = np.zeros((width, targets.shape[1]), dtype=np.float32)
    bias = np.zeros(targets.shape[1], dtype=np.float32)
    ahead, momentum = weights, 1.0
    for _ in range(STEPS):
        scores = inputs @ ahead + bias
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        error = (shares - targets) * targets_weight
        following = ahead - step * (inputs.T @ error / count + PENALTY * ahead)
        bias = bias - 2 * error.mean(axis=0)
        momentum, last = (1 + np.sqrt(1 + 4 * momentum**2)) / 2, momentum
        ahead = (following + (last - 1) / momentum * (following - weights)).astype(np.float32)
        weights = following
    return weights.astype(np.float32), bias.astype(np.float32)


def _largest_eigenvalue(inputs: Array) -> float:
    """Of the inputs' Gram matrix, by power iteration; bounds the curvature of the loss."""
    vector = np.ones(inputs.shape[1], dtype=np.float32)
    for _ in range(12):
        vector = inputs.T @ (inputs @ vector)
        vector /= np.linalg.norm(vector)
    return float(np.linalg.norm(inputs @ vector) ** 2)
