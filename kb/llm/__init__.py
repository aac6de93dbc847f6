"""Language models behind one Protocol: a GGUF file in this process, or any OpenAI-compatible server.

The only home of llama_cpp, which is imported when a model is first used. Refuses to decide what is
true: a model writes, whoever asked it checks.
"""

from kb.llm._types import Finish, LanguageModel, Message, Usage

__all__ = ["Finish", "LanguageModel", "Message", "Usage"]
