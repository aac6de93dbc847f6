"""Recognise configurations in text, and suggest the calculators that they are for.

Owns the reading of questions and passages in English and Chinese, by rules that are data. Refuses to
assume what a text does not say. Invariant: the same text always gives the same reading, with its
place; ordinary prose gives none.
"""

from calculators._configuration._recognise import Configuration, Parameter, recognise, recognise_passage
from calculators._configuration._suggest import Suggestion, suggest

__all__ = ["Configuration", "Parameter", "Suggestion", "recognise", "recognise_passage", "suggest"]
