"""Pieces of a saved page: what conversion broke is mended, code is told from prose."""

import pytest

from ingest._code import glued_run, is_code, strip_numbers
from ingest._pieces import read_pieces


def texts(text: str) -> list[str]:
    return [piece.text for piece in read_pieces(text)]


def test_bullets_alone_on_a_line_take_the_next_line() -> None:
    assert texts("前言如下：\n-\n第一条\n-\n\n第二条\n") == ["前言如下：", "- 第一条", "- 第二条"]
    assert texts("•\nfirst\n•\nsecond") == ["- first", "- second"]


def test_hard_wrapped_paragraphs_are_joined() -> None:
    paragraph = (
        "This paragraph was broken at a fixed width when the\n"
        "page was saved, so that lines end where no\nsentence ends."
    )
    pieces = texts("\n\n".join([paragraph] * 5) + "\n\n- an item that was broken at the same width as the\n  rest\n")
    assert pieces[0] == paragraph.replace("\n", " ")
    assert pieces[-1] == "- an item that was broken at the same width as the rest"
    assert len(pieces) == 6


def test_lines_that_are_paragraphs_are_left_alone() -> None:
    lines = ["A title", "The first paragraph ends here.", "The second one ends here.", "Another heading", "Its text."]
    assert texts("\n".join(lines)) == lines


@pytest.mark.parametrize(
    ("torn", "whole"),
    [
        (
            "调用之后缓存由cache.release()\n负责释放，不必手动处理。",
            "调用之后缓存由cache.release()负责释放，不必手动处理。",
        ),
        ("参数名中的fc\n和conv\n前缀来自定义，见下文。", "参数名中的fc和conv前缀来自定义，见下文。"),
        ("保存在字典（实质上是collections\n模块里的类）之中。", "保存在字典（实质上是collections模块里的类）之中。"),
    ],
)
def test_sentences_torn_at_inline_code_are_joined(torn: str, whole: str) -> None:
    assert texts(torn) == [whole]


@pytest.mark.parametrize(
    "text",
    [
        "论文地址:https://arxiv.org/abs/2401.00001\n项目已经开源。",
        "2. 伯克利发布对话模型Koala\n该模型基于开源权重。",
        "部署 vLLM\n本节介绍部署。",
    ],
)
def test_titles_and_addresses_are_not_joined_with_the_next_line(text: str) -> None:
    assert texts(text) == text.split("\n")


def test_line_numbers_glued_to_code_are_stripped() -> None:
    code = ["defload(path):", "model=Net()", "", "returnmodel", *[f"x{n}=f({n})" for n in range(7)]]
    glued = "\n".join(f"{n}{line}" for n, line in enumerate(code, 1))
    assert texts(f"代码如下：\n{glued}\n之后继续。") == [
        "代码如下：",
        "```\n" + "\n".join(code) + "\n```",
        "之后继续。",
    ]


def test_two_listings_in_a_row_are_told_apart() -> None:
    assert texts("如下：\n1a=f(1)\n2b=g(2)\n3c=h(3)\n1print(a)\n2print(b)\n3print(c)\n") == [
        "如下：",
        "```\na=f(1)\nb=g(2)\nc=h(3)\n```",
        "```\nprint(a)\nprint(b)\nprint(c)\n```",
    ]


@pytest.mark.parametrize(
    "lines",
    [
        ["1. 背景", "2. 方法", "3. 结论"],
        ["1背景介绍", "2研究方法", "3主要结论"],
        ["1 引言", "2 方法", "2.1 细节"],
        ["1000 cards", "2000 cards", "3000 cards"],
        ["1、显存", "2、带宽", "3、算力"],
    ],
)
def test_numbered_lines_of_prose_are_no_listing(lines: list[str]) -> None:
    assert glued_run(lines, 0) == 0


def test_glued_numbers_are_taken_off_line_by_line() -> None:
    assert strip_numbers(["1a", "2", "312"]) == ["a", "", "12"]


@pytest.mark.parametrize(
    "line",
    ["import torch", "from x import y", "def f(a):", "x = g(1)", "model.eval()", "$ make test", "pip install x",
     "python train.py --lr 1", "for i in range(3):", "print('a')  # 注释", "});", "#include <x.h>"],
)  # fmt: skip
def test_lines_of_code(line: str) -> None:
    assert is_code(line)


@pytest.mark.parametrize(
    "line",
    ["From the start it was slow.", "Make sure that it fits.", "Install the package first", "BERT (base)",
     "for more details see below", "python is slow", "结果 = 一切正常", "A title: with a colon", "return to the start"],
)  # fmt: skip
def test_lines_of_prose(line: str) -> None:
    assert not is_code(line)


def test_fenced_code_is_one_piece() -> None:
    fenced = "```python\nx = 1\n\n# not a heading\n```"
    assert texts(f"Before\n\n{fenced}\n\nAfter") == ["Before", fenced, "After"]


def test_underlined_headings() -> None:
    pieces = read_pieces("A title\n=======\nText.\n\nPart\n----\nMore.\n")
    assert [(piece.kind, piece.level, piece.text) for piece in pieces] == [
        ("heading", 1, "A title"),
        ("text", 0, "Text."),
        ("heading", 2, "Part"),
        ("text", 0, "More."),
    ]
