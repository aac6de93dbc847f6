"""The router: what goes to a calculator, with which inputs, and what goes to the library."""

from calculators import run
from chat.router import route


def test_a_sum_goes_to_its_calculator_ready_to_run() -> None:
    (request,) = route("bubble for 8 stages and 64 microbatches").requests
    assert request.ready
    assert run(request.calculator, request.inputs, request.output, request.unit).value == 7 / 64


def test_a_definition_goes_to_the_library() -> None:
    found = route("what is a pipeline bubble")
    assert (found.kind, found.requests) == ("library", ())
