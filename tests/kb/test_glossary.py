"""The glossary: its file, and what it finds in questions and passages of both languages."""

import re
import time
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from kb._phrases import has_han, phrase_key
from kb.errors import ParseError, SettingsError
from kb.glossary import COLUMNS, FIELDS, Expansion, Glossary, load_glossary, read_concepts
from kb.text import simplify

STARTER = Path(__file__).resolve().parents[2] / "starter" / "glossary.tsv"
# A name spelled with a character that the conversion would change.
NAMES = {"昇腾", "华为昇腾"}
ACRONYM = re.compile(r"[A-Z0-9][A-Za-z0-9]*(?:[-/:][A-Za-z0-9]+)*|token")


@pytest.fixture(scope="module")
def glossary() -> Glossary:
    return load_glossary(STARTER)


def rows() -> list[list[str]]:
    lines = STARTER.read_text(encoding="utf-8").splitlines()
    assert tuple(lines[0].split("\t")) == COLUMNS
    return [line.split("\t") for line in lines[1:]]


def by_term(expansions: list[Expansion]) -> dict[str, Expansion]:
    return {expansion.term: expansion for expansion in expansions}


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


# The file that comes with the product


def test_the_glossary_is_broad() -> None:
    concepts = read_concepts(STARTER)
    assert len(concepts) >= 1200
    count = Counter(concept.field for concept in concepts)
    assert set(count) == FIELDS
    assert min(count.values()) >= 25


def test_no_term_names_two_concepts_unless_marked() -> None:
    owners: dict[str, list[tuple[str, bool]]] = defaultdict(list)
    for english, english_variants, chinese, chinese_variants, _ in rows():
        terms = [english, *english_variants.split("|"), chinese, *chinese_variants.split("|")]
        marked = {phrase_key(term): term.endswith("*") for term in terms if term}
        for key, ambiguous in marked.items():
            owners[key].append((english, ambiguous))
    unmarked = {key: own for key, own in owners.items() if len(own) > 1 and not all(mark for _, mark in own)}
    assert unmarked == {}
    needless = {key: own for key, own in owners.items() if len(own) == 1 and own[0][1]}
    assert needless == {}


def test_no_cell_is_empty_and_no_term_stands_twice_in_a_row() -> None:
    for english, english_variants, chinese, chinese_variants, field in rows():
        assert english.strip(), chinese
        assert chinese.strip(), english
        assert field in FIELDS
        for cell in (english_variants, chinese_variants):
            terms = cell.split("|") if cell else []
            assert all(term and term == term.strip() for term in terms), english
        cells = [chinese, *chinese_variants.split("|")] if chinese_variants else [chinese]
        keys = [phrase_key(cell) for cell in cells]
        assert len(keys) == len(set(keys)), english


def test_chinese_cells_are_simplified_and_hold_letters_only_where_normal() -> None:
    for english, english_variants, chinese, chinese_variants, _ in rows():
        assert not has_han(english + english_variants), english
        for cell in [chinese, *(chinese_variants.split("|") if chinese_variants else [])]:
            term = cell.removesuffix("*")
            assert has_han(term), english
            assert term in NAMES or simplify(term) == term, english
            assert all(ACRONYM.fullmatch(run) for run in re.findall(r"[!-~]+", term)), term


# Looking up


@pytest.mark.parametrize(
    ("question", "term", "translation"),
    [
        ("How large is the pipeline bubble with eight micro-batches?", "pipeline bubble", "气泡"),
        ("What does fine tuning cost?", "fine tuning", "微调"),
        ("Is FP16 training stable?", "fp16", "半精度"),
        ("why all reduces are slow", "all reduces", "全归约"),
        ("federated-learning on phones", "federated-learning", "联邦学习"),
        ("quantised weights", "quantised weights", "权重量化"),
        ("sharded optimizer", "sharded", "分片"),
        ("Reasons for node failures", "node failures", "节点故障"),
        ("流水线并行的气泡", "流水线并行", "pipeline parallelism"),
        ("流水線並行的氣泡率", "气泡率", "pipeline bubble"),
        ("显存够不够？", "显存", "GPU memory"),
        ("差分隐私的代价", "差分隐私", "differential privacy"),
        ("芯片的面积", "面积", "area"),
        ("编译期优化", "编译期", "compile time"),
        ("提速三倍", "倍", "times"),
        ("减少延迟的原因", "原因", "reason"),
        ("KV 缓存怎么淘汰", "kv缓存", "KV cache"),
        ("記憶體頻寬", "记忆体频宽", "memory bandwidth"),
    ],
)
def test_a_question_finds_the_other_language(glossary: Glossary, question: str, term: str, translation: str) -> None:
    found = by_term(glossary.expand(question))
    assert term in found, list(found)
    assert translation in found[term].translations


def test_translations_start_with_the_preferred_term(glossary: Glossary) -> None:
    found = by_term(glossary.expand("PP 与 TP"))
    assert found["pp"].translations[0] == "流水线并行"
    assert "pipeline parallelism" in found["pp"].variants
    assert found["pp"].language == "en"
    assert found["tp"].field == "parallelism"


def test_variants_are_of_the_same_language_and_leave_out_the_term_itself(glossary: Glossary) -> None:
    for expansion in glossary.expand("知识蒸馏 与 quantization 以及 learning rates"):
        chinese = expansion.language == "zh"
        assert all(has_han(variant) is chinese for variant in expansion.variants)
        assert all(has_han(translation) is not chinese for translation in expansion.translations)
        assert phrase_key(expansion.term) not in {phrase_key(variant) for variant in expansion.variants}


def test_an_ambiguous_term_gives_each_sense(glossary: Glossary) -> None:
    senses = [e.translations[0] for e in glossary.expand("DP") if e.term == "dp"]
    assert set(senses) == {"数据并行", "差分隐私", "动态规划"}


def test_each_concept_is_given_once(glossary: Glossary) -> None:
    assert len(glossary.expand("气泡，气泡率，流水线气泡")) == 1


def test_text_without_known_terms_gives_nothing(glossary: Glossary) -> None:
    assert glossary.expand("") == []
    assert glossary.expand("xyzzy 囧囧") == []
    assert glossary.to_english("囧囧") == ""


def test_english_rendering_keeps_order_and_latin_words(glossary: Glossary) -> None:
    assert glossary.to_english("为什么 H100 上的流水線並行有气泡？") == "h100 pipeline parallelism pipeline bubble"
    assert glossary.to_english("KV缓存用 FP8 量化") == "KV cache fp8 quantization"
    assert glossary.to_english("plain English stays") == "plain english stays"


def test_english_terms_annotate_a_chinese_passage(glossary: Glossary) -> None:
    terms = glossary.english_terms("张量并行需要高带宽互连，张量并行的方法。GPU memory")
    assert terms[:1] == ["tensor parallelism"]
    assert "bandwidth" in terms
    assert "method" in terms
    assert len(terms) == len(set(terms))
    assert "method" not in glossary.english_terms("张量并行的方法", general=False)
    assert glossary.english_terms("tensor parallelism") == []


def test_every_term_of_the_file_is_found_again(glossary: Glossary) -> None:
    """A reader who types any one listed term gets the rest of its row."""
    for concept in read_concepts(STARTER):
        for term in (concept.english[0], concept.chinese[0]):
            wanted = concept.chinese[0] if term == concept.english[0] else concept.english[0]
            offered = {t for e in glossary.expand(term) for t in e.translations}
            assert wanted in offered, term


def test_lookup_is_fast(glossary: Glossary) -> None:
    question = "大模型推理时流水线并行的气泡率如何降低，吞吐量能提升几倍？"
    passage = (question * 40)[:1000]
    assert _median_ms(lambda: glossary.expand(question)) < 5  # about 0.4 on an idle core
    assert _median_ms(lambda: glossary.english_terms(passage)) < 15  # about 1.2 on an idle core


def _median_ms(call: object) -> float:
    assert callable(call)
    times = []
    for _ in range(25):
        start = time.perf_counter()
        call()
        times.append((time.perf_counter() - start) * 1000)
    return sorted(times)[len(times) // 2]


# The reader's own file


def test_the_readers_own_terms_win(tmp_path: Path) -> None:
    base = write(tmp_path / "base.tsv", "pipeline\tpipe\t流水线\t管线\tsystems", "cache\t\t缓存\t\tsystems")
    own = write(tmp_path / "own.tsv", "\t".join(COLUMNS), "pipe\t\t管道\t\tsystems")
    glossary = load_glossary(base, own)
    assert glossary.expand("pipe")[0].translations == ("管道",)
    assert glossary.expand("pipeline")[0].translations == ("流水线", "管线")
    assert glossary.to_english("管道 缓存") == "pipe cache"


def test_a_missing_own_file_is_no_error(tmp_path: Path) -> None:
    assert len(load_glossary(STARTER, tmp_path / "none.tsv")) == len(load_glossary(STARTER))


def test_comments_blank_lines_and_a_byte_order_mark_are_allowed(tmp_path: Path) -> None:
    path = tmp_path / "own.tsv"
    path.write_text("\ufeffcache\t\t缓存\t\tsystems\r\n\r\n# mine\r\n", encoding="utf-8")
    assert [concept.english for concept in read_concepts(path)] == [("cache",)]


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("cache\t缓存\tsystems", "3 columns"),
        ("cache\t\t缓存\t\tcooking", "'cooking' is unknown"),
        ("\t\t缓存\t\tsystems", "empty term"),
        ("cache\ta||b\t缓存\t\tsystems", "empty term"),
        ("缓存\t\tcache\t\tsystems", "column of the other language"),
        ("cache\t\tcache\t\tsystems", "column of the other language"),
    ],
)
def test_a_malformed_line_is_refused_with_its_number(tmp_path: Path, line: str, complaint: str) -> None:
    path = write(tmp_path / "own.tsv", "queue\t\t队列\t\tsystems", line)
    with pytest.raises(ParseError, match=r"line 2") as caught:
        read_concepts(path)
    assert complaint in caught.value.message
    assert caught.value.hint


def test_a_missing_or_unreadable_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"absent\.tsv"):
        load_glossary(tmp_path / "absent.tsv")
    broken = tmp_path / "broken.tsv"
    broken.write_bytes(b"\xff\xfe\x00c")
    with pytest.raises(ParseError, match=r"broken\.tsv"):
        read_concepts(broken)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("It keeps a table of pending transfers at the edge, in the cloud, and the tool overlaps them.", set()),
        ("We study transfer learning at an edge device.", {"transfer learning", "edge computing"}),
        ("RAG with LoRA on GPUs", {"retrieval-augmented generation", "low-rank adaptation", "GPU"}),
        ("an amp, a rag and a moe", set()),
        ("Mixture-of-Experts, or MoE, with 4-bit weights", {"mixture of experts", "4-bit"}),
        ("把任务迁移到新的阶段，稳定运行", set()),
        ("知识蒸馏与键值缓存，算力不足", {"knowledge distillation", "KV cache", "computing power"}),
    ],
)
def test_everyday_words_that_are_short_for_a_term_name_nothing(glossary: Glossary, text: str, named: set[str]) -> None:
    fields = {"parallelism", "quantization", "serving", "hardware", "compression", "training", "inference", "nlp"}
    found = {name for name, field in glossary.names(text).items() if field in fields}
    assert {name for name in found if re.search("[ A-Z0-9]", name)} == named
