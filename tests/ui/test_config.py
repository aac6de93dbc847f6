"""How the app is served: what .streamlit/config.toml promises and no page can."""

import tomllib
from pathlib import Path

CONFIG = tomllib.loads((Path(__file__).resolve().parents[2] / ".streamlit" / "config.toml").read_text(encoding="utf-8"))


def test_nobody_waits_for_a_look_at_every_object_after_each_click() -> None:
    assert CONFIG["runner"]["postScriptGC"] is False


def test_only_this_machine_is_served_and_nobody_is_told() -> None:
    assert CONFIG["server"]["address"] == "127.0.0.1"
    assert CONFIG["browser"]["gatherUsageStats"] is False
