"""almanac.subscriptions: a file that stays the reader's, byte for byte, but for what was asked."""

import difflib
import os
from pathlib import Path

import pytest

from almanac.subscriptions import Subscription, SubscriptionFile, read_subscriptions
from kb.errors import DocumentNotFound, SettingsError, StoreError
from kb.types import Kind
from tests.conftest import ROOT

STARTER = ROOT / "starter" / "subscriptions.toml"


@pytest.fixture
def file(home: Path) -> SubscriptionFile:
    return SubscriptionFile(home, lock_wait=0.2)


def feed(name: str = "A blog", url: str = "https://a.example/feed", **more: object) -> Subscription:
    return Subscription.model_validate({"name": name, "kind": Kind.RSS, "target": url, **more})


def changes(before: str, after: str) -> list[str]:
    """Lines that differ, with their sign."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
    return [line for line in lines if line[:2] not in ("--", "++", "@@")]


def test_no_file_is_no_subscription(file: SubscriptionFile) -> None:
    assert file.read().entries == ()
    assert not file.path.exists()


def test_the_first_one_makes_a_file_that_explains_itself(file: SubscriptionFile) -> None:
    made = feed('Ein “Blog” "q"', topics=("serving",), group="ML/Systems", every=6.0, why="流水线")
    assert file.add([made, made]) == [made]
    text = file.path.read_text(encoding="utf-8")
    assert text.startswith("# Your subscriptions.")
    assert file.read().entries == (made,)
    assert file.add([made]) == []
    assert file.path.read_text(encoding="utf-8") == text


def test_the_starter_is_copied_with_its_comments_and_every_entry_is_valid(file: SubscriptionFile) -> None:
    assert file.begin(STARTER)
    assert file.path.read_bytes() == STARTER.read_bytes()
    assert not file.begin(STARTER)
    found = file.read()
    assert found.problems == ()
    assert len(found.entries) >= 20
    assert {one.kind for one in found.entries} == {Kind.RSS, Kind.ARXIV}


def test_adding_leaves_what_is_there_alone(file: SubscriptionFile) -> None:
    file.begin(STARTER)
    before = file.path.read_text(encoding="utf-8")
    file.add([feed()])
    after = file.path.read_text(encoding="utf-8")
    assert after.startswith(before)
    assert file.read().entries[-1] == feed()


def test_changing_an_entry_touches_its_lines_only(file: SubscriptionFile) -> None:
    file.begin(STARTER)
    before = file.path.read_text(encoding="utf-8")
    last_of_section = next(one for one in file.read().entries if "pruning" in one.name)
    made = file.change(last_of_section.key, enabled=True, every=12, topics=("compression", "serving"), why=None)
    assert (made.enabled, made.every, made.topics, made.why) == (True, 12, ("compression", "serving"), "")
    after = file.path.read_text(encoding="utf-8")
    assert sorted(line[:9] for line in changes(before, after)) == [
        "+enabled ", "+every = ", "+topics =", "-enabled ", "-topics =", '-why = "N',
    ]  # fmt: skip
    assert file.read().entries[-1].name == "Chips and Cheese"


def test_removing_an_entry_leaves_the_heading_of_the_next_section(file: SubscriptionFile) -> None:
    file.begin(STARTER)
    before = file.path.read_text(encoding="utf-8")
    for one in file.read().entries:
        file.remove(one.key)
    after = file.path.read_text(encoding="utf-8")
    assert file.read().entries == ()
    assert [line for line in changes(before, after) if line.startswith("+")] == []
    assert [line for line in before.splitlines() if line.startswith("#")] == [
        line for line in after.splitlines() if line.startswith("#")
    ]


def test_the_readers_spelling_stays(file: SubscriptionFile) -> None:
    text = (
        "\n# mine\r\n[[ subscription ]]  # first\r\nname='One'\r\nurl   =  'https://a.example/feed'   # keep\r\n\r\n"
        "# about two\r\n[[subscription]]\r\nurl = 'https://b.example/feed'\r\nwhy = '''\r\nlong\r\n'''\r\n"
    )
    file.path.parent.mkdir(parents=True)
    file.path.write_bytes(text.encode())
    file.change("rss:https://a.example/feed", enabled=False)
    after = file.path.read_bytes().decode()
    assert after == text.replace("# keep\r\n", "# keep\r\nenabled = false\n")
    file.remove("rss:https://a.example/feed")
    assert "# mine" in file.path.read_text()
    assert "# about two" in file.path.read_text()
    assert [one.name for one in file.read().entries] == ["https://b.example/feed"]


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("url = 'ftp://a.example/x'", "no http or https"),
        ("url = 'javascript:alert(1)'", "no http or https"),
        ("url = 'https://['", "no http or https"),
        ("name = 'x'", "url is missing"),
        ("url = ['https://a.example']", "url is missing"),
        ("kind = 'arxiv'\nurl = 'https://a.example'", "query is missing"),
        ("kind = 'gopher'\nurl = 'https://a.example'", "kind “gopher” is none of"),
        ("url = 'https://a.example'\nenabld = false", "enabld"),
        ("url = 'https://a.example'\nevery = 0", "every"),
        ("url = 'https://a.example'\nenabled = 'maybe'", "enabled"),
        ("url = 'https://good.example/feed'", "there already, as “Good”"),
    ],
)
def test_an_entry_that_makes_no_sense_is_told_and_disturbs_no_other(
    file: SubscriptionFile, entry: str, message: str
) -> None:
    file.path.parent.mkdir(parents=True)
    good = "[[subscription]]\nname = 'Good'\nurl = 'https://good.example/feed'\n"
    file.path.write_text(f"{good}[[subscription]]\n{entry}\n", encoding="utf-8")
    found = file.read()
    assert [one.name for one in found.entries] == ["Good"]
    assert [problem.entry for problem in found.problems] == [2]
    assert message in found.problems[0].message


def test_a_file_that_is_no_toml_is_never_written_to(file: SubscriptionFile) -> None:
    file.path.parent.mkdir(parents=True)
    file.path.write_text("[[subscription]\n", encoding="utf-8")
    for step in (file.read, lambda: file.add([feed()]), lambda: file.remove("rss:x")):
        with pytest.raises(SettingsError, match="no TOML"):
            step()
    assert file.path.read_text(encoding="utf-8") == "[[subscription]\n"


def test_a_change_that_makes_no_sense_changes_nothing(file: SubscriptionFile) -> None:
    file.add([feed()])
    before = file.path.read_bytes()
    with pytest.raises(SettingsError, match="no http"):
        file.change(feed().key, target="file:///etc/passwd")
    with pytest.raises(DocumentNotFound):
        file.change("rss:https://none.example", enabled=False)
    with pytest.raises(DocumentNotFound):
        file.remove("rss:https://none.example")
    assert file.path.read_bytes() == before


def test_a_layout_that_cannot_be_kept_is_refused(file: SubscriptionFile) -> None:
    file.path.parent.mkdir(parents=True)
    text = "subscription = [{url = 'https://a.example/feed'}]\n"
    file.path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match="laid out"):
        file.change("rss:https://a.example/feed", enabled=False)
    assert file.path.read_text(encoding="utf-8") == text


def test_a_change_by_another_program_is_not_overwritten(
    file: SubscriptionFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.add([feed()])
    times = []

    def interfere(before: str) -> str:
        times.append(before)
        if len(times) == 1:
            file.path.write_text(before + "# typed meanwhile\n", encoding="utf-8")
        return before + "# ours\n"

    file._edit(interfere)
    assert file.path.read_text(encoding="utf-8").endswith("# typed meanwhile\n# ours\n")
    with pytest.raises(StoreError, match="another program"):
        file._edit(lambda before: (file.path.write_text(before + "#\n"), before + "# ours again\n")[1])
    assert "ours again" not in file.path.read_text(encoding="utf-8")


def test_a_link_to_the_file_stays_a_link_and_its_mode_stays(file: SubscriptionFile, tmp_path: Path) -> None:
    elsewhere = tmp_path / "dotfiles.toml"
    elsewhere.write_text("# kept elsewhere\n", encoding="utf-8")
    elsewhere.chmod(0o600)
    file.path.parent.mkdir(parents=True)
    file.path.symlink_to(elsewhere)
    file.add([feed()])
    assert file.path.is_symlink()
    assert elsewhere.read_text(encoding="utf-8").startswith("# kept elsewhere\n")
    assert elsewhere.stat().st_mode & 0o777 == 0o600


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("", encoding="utf-8")
    with pytest.raises((StoreError, SettingsError)):
        SubscriptionFile(tmp_path / "plain").add([feed()])


def test_names_targets_and_keys_find_a_subscription(file: SubscriptionFile) -> None:
    one, two = feed("Ärger"), feed("Two", "https://b.example/feed")
    file.add([one, two])
    found = file.read()
    assert found.find(["ärger", "https://b.example/FEED"]) == [one, two]
    assert found.find([two.key]) == [two]
    with pytest.raises(DocumentNotFound, match="three"):
        found.find(["Two", "three"])


def test_a_folder_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "s.toml").write_text("[[subscription]]\nkind='notes'\nfolder='~/notes/'\n", encoding="utf-8")
    (only,) = read_subscriptions(tmp_path / "s.toml").entries
    assert only.target == os.path.join(str(tmp_path), "notes")
    assert (only.host, only.location) == ("", only.target)
