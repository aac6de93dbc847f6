"""A follow-up that the rules leave as it is, made to stand alone by a language model, and checked.

Owns when a model is asked and what is taken from it. Refuses a rewriting with a word that no question of the
conversation has. Invariant: a model that fails or invents changes nothing.
"""

import contextlib
from collections.abc import Callable, Sequence

from chat.followups import leans
from chat.prompts import rewriting_for
from kb.errors import AlmanacError
from kb.llm import LanguageModel
from kb.text import STOPWORDS, fold_space, tokens

MAX_TOKENS = 96
LONGEST = 400


def rewritten(
    question: str, before: Sequence[str], model: LanguageModel, cancelled: Callable[[], bool] = lambda: False
) -> str:
    """Return the question as it stands alone by a model's word; as it is where that is of no use."""
    if not before or not leans(question):
        return question
    try:
        with contextlib.closing(
            model.stream(rewriting_for(question, before), max_tokens=MAX_TOKENS, cancelled=cancelled)  # type: ignore[type-var]
        ) as stream:
            text = "".join(stream)
    except AlmanacError:
        # The question as it is can still be answered, or declined.
        return question
    made = fold_space(text.strip().strip('"“”').split("\n")[0])
    known = {token for said in (question, *before) for token in tokens(said)} | STOPWORDS
    new = [token for token in tokens(made) if token not in known]
    return made if made and len(made) <= LONGEST and not new else question
