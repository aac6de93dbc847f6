"""What calculators answer: what is ready is run, what is not waits with its reason, numbers stay as computed."""

import calculators
from chat.estimates import MOST, formula_question, headline, lines_of, results_of, run_requests, value_of, waiting_line
from chat.router import CalculatorRequest, MissingInput

READY = CalculatorRequest(calculator="pipeline_bubble", inputs={"schedule": "1f1b", "pp": 4, "microbatches": 12})
OPEN = CalculatorRequest(
    calculator="pipeline_bubble",
    inputs={"pp": 4},
    missing=(MissingInput(name="microbatches", label="Microbatches"),),
)


def test_a_result_is_the_calculators_own() -> None:
    (found,), waiting = run_requests([READY])
    assert waiting == []
    estimate = calculators.run("pipeline_bubble", READY.inputs)
    assert found.estimate == estimate
    assert value_of(estimate.quantities[0].value, estimate.quantities[0].unit) in found.summary
    assert lines_of(found, "en")[:2] == [found.summary, f"Formula: {estimate.formula}"]
    assert lines_of(found, "zh")[1] == f"公式: {estimate.formula}"
    assert "pp 4" in results_of([found])
    assert found.title in formula_question(found)


def test_what_lacks_an_input_waits_and_is_asked_for() -> None:
    done, (waiting,) = run_requests([OPEN])
    assert done == []
    assert waiting == OPEN
    for language in ("en", "zh"):
        line = waiting_line(waiting, language)
        assert "microbatches (Microbatches)" in line
        assert "pp = 4" in line


def test_what_the_calculator_refuses_waits_with_its_reason() -> None:
    done, (waiting,) = run_requests(
        [READY.model_copy(update={"inputs": {"schedule": "1f1b", "pp": -4, "microbatches": 12}})]
    )
    assert done == []
    assert "pp=-4" in waiting.problem
    assert waiting.problem in waiting_line(waiting, "en")


def test_no_more_than_a_few_are_run() -> None:
    done, waiting = run_requests([READY] * (MOST + 2))
    assert (len(done), len(waiting)) == (MOST, 0)


def test_units_are_written_as_a_reader_writes_them() -> None:
    assert (value_of(3, "1"), value_of(3, "%"), value_of(3, "GB")) == ("3", "3%", "3 GB")


def test_words_that_calculator_and_output_share_are_said_once() -> None:
    memory = calculators.run("train_memory", {"params": 13e9})
    title = calculators.find("train_memory").title
    assert headline(title, memory) == "Training memory: model states on one device"
    bubble = calculators.run("pipeline_bubble", READY.inputs)
    assert headline("Pipeline bubble", bubble).startswith("Pipeline bubble: ")
