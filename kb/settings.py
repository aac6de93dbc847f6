"""Settings: environment variables `ALMANAC_*` and `almanac.toml` in the home, read once.

The only module that touches `os.environ`. Refuses unknown keys in the file. Environment wins
over the file, the file over the defaults; frozen once made, so that it can key a cache.
"""

import os
import re
import tomllib
from pathlib import Path
from typing import Any

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from kb.errors import SettingsError

FILE_NAME = "almanac.toml"
SECRET = ("llm_api_key",)
"""Settings whose values are never shown."""


class Settings(BaseSettings):
    """All settings. Sizes in bytes, times in seconds."""

    model_config = SettingsConfigDict(env_prefix="ALMANAC_", frozen=True, extra="forbid")

    home: Path = Field(default=Path("data"), description="Folder of the library; backing it up is copying it.")
    embedder: str = Field(
        default="packaged",
        description="`packaged` (all-MiniLM-L6-v2), `st:NAME_OR_PATH` (any sentence-transformers model) or `none`.",
    )
    embedder_backend: str = Field(default="torch", description="Backend of sentence-transformers.")
    embedder_query_prefix: str = Field(default="", description="Put before each question, as some models demand.")
    embedder_passage_prefix: str = Field(default="", description="Put before each passage, as some models demand.")
    embedder_languages: str = Field(
        default="auto", description="`auto` (probed once) or codes such as `en,zh`: what the embedder can read."
    )
    llm: str = Field(default="none", description="`none`, `gguf:PATH` or `openai:URL#MODEL`.")
    llm_context: int = Field(default=4096, ge=512, description="Window of the language model, in tokens.")
    llm_threads: int = Field(default=0, ge=0, le=256, description="Threads of a `gguf:` model; 0: by the machine.")
    llm_api_key: SecretStr = Field(
        default=SecretStr(""), description="Key for an `openai:` server; never shown or logged."
    )
    llm_timeout: float = Field(
        default=120.0, gt=0, description="Silence of an `openai:` server, in seconds, after which it is given up."
    )
    chroma_url: str = Field(default="", description="Address of a Chroma server; empty: embedded under the home.")
    http_timeout: float = Field(
        default=20.0,
        gt=0,
        description="Seconds to connect, and between packets; a whole answer may take three times that.",
    )
    host_spacing: float = Field(default=1.0, ge=0, description="Least seconds between two requests to one host.")
    max_body: int = Field(default=15_000_000, gt=0, description="Largest response body, in bytes, decompressed.")
    max_file: int = Field(default=50_000_000, gt=0, description="Largest file that is ingested, in bytes.")
    allow_private_hosts: bool = Field(
        default=False, description="Let the fetcher reach your own network, but never link-local addresses."
    )
    proxy: str = Field(
        default="", description="Proxy for all fetching, such as http://proxy:3128; it then sees to private addresses."
    )
    user_agent: str = Field(
        default="MLSysAlmanac/0.1", pattern=r"^[\x20-\x7e]+$", description="How the fetcher names itself."
    )
    contact: str = Field(
        default="",
        pattern=r"^[\x20-\x7e]*$",
        description="Mail or web address sent along, so that a site's owner can reach you.",
    )
    arxiv_url: str = Field(default="https://export.arxiv.org/api/query", description="Address of arXiv's API.")
    sync_every: float = Field(default=0.0, ge=0, description="Hours between background syncs; 0: only on demand.")
    lock_wait: float = Field(default=30.0, ge=0, description="Seconds to wait for another process that writes.")

    @field_validator("home")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return Path(os.path.abspath(value.expanduser()))

    @field_validator("embedder")
    @classmethod
    def _embedder(cls, value: str) -> str:
        if value not in ("packaged", "none") and not (value.startswith("st:") and len(value) > 3):
            raise ValueError("must be `packaged`, `none` or `st:NAME_OR_PATH`")
        return value

    @field_validator("llm")
    @classmethod
    def _llm(cls, value: str) -> str:
        if value != "none" and not value.startswith(("gguf:", "openai:")):
            raise ValueError("must be `none`, `gguf:PATH` or `openai:URL#MODEL`")
        return value

    @field_validator("chroma_url")
    @classmethod
    def _chroma(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("must be an address such as http://127.0.0.1:8000")
        return value

    @field_validator("proxy")
    @classmethod
    def _proxy(cls, value: str) -> str:
        if value and not re.fullmatch(r"https?://[^\s/?#{}]+/?", value):
            raise ValueError("must be an address such as http://proxy:3128")
        return value

    @field_validator("arxiv_url")
    @classmethod
    def _arxiv(cls, value: str) -> str:
        # In the clear only to this machine, where a mirror or a test may listen.
        if not re.fullmatch(r"(https://[^\s/?#@{}]+|http://(127\.0\.0\.1|localhost)(:\d+)?)/[^\s?#{}]*", value):
            raise ValueError("must be an address such as https://export.arxiv.org/api/query")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Put the home's file below the environment."""
        home = Path(init_settings().get("home") or os.environ.get("ALMANAC_HOME") or "data").expanduser()
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, home / FILE_NAME)


def load_settings(home: str | Path | None = None, **overrides: Any) -> Settings:
    """Return the settings in force; `home` and keyword arguments win over everything else.

    Raises:
        SettingsError: an unknown key, a value out of range, or a file that is not TOML.
    """
    if home is not None:
        overrides["home"] = Path(home)
    try:
        return Settings(**overrides)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise SettingsError(
            f"Setting {name}: {first['msg']}" + (f" (given {first.get('input')!r})." if name not in SECRET else "."),
            f"Change ALMANAC_{name.upper()} or the line in {FILE_NAME}; README lists every setting.",
        ) from error
    except (tomllib.TOMLDecodeError, OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{FILE_NAME} in the home cannot be read: {error}.", "Mend the line it names.") from error


def set_outside(name: str) -> bool:
    """Tell whether a setting is given by the environment, so that the home's file has no say in it."""
    return any(key.upper() == f"ALMANAC_{name.upper()}" for key in os.environ)


def prepare_process(*, offline: bool) -> None:
    """Set what native libraries read from the environment, before they are imported.

    oneDNN is capped below AMX: on virtual machines that advertise AMX without a tile palette it
    dies with SIGILL otherwise. OpenMP's threads sleep while they wait: on a machine that does other
    work as well, spinning made a question's embedding ten times slower. Telemetry is off; hubs are
    asked only where `offline` is false.
    """
    defaults = {
        "ONEDNN_MAX_CPU_ISA": "AVX512_CORE_FP16",
        "OMP_WAIT_POLICY": "PASSIVE",
        "ANONYMIZED_TELEMETRY": "False",
        "DO_NOT_TRACK": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "GGML_NO_BACKTRACE": "1",
    }
    if offline:
        defaults |= {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
    for name, value in defaults.items():
        os.environ.setdefault(name, value)
