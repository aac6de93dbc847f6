"""Money, energy and carbon of GPU-hours.

Owns the chain GPU-hours, megawatt-hours, tonnes of CO2 equivalent, and the price. Leaves out
idle nodes, networks and embodied carbon. Invariant: everything is proportional to GPU-hours.
"""

from typing import Annotated

from pydantic import Field

from calculators._base import Calculator, Case, Computed, Formula, Output, Trap
from calculators._fields import Amount, Count, InputsBase, entry, need, preset, reader
from calculators._sources import cite

Overhead = Annotated[float, Field(ge=1), reader]
"""Power usage effectiveness: a data centre draws no less than its machines."""


class Inputs(InputsBase):
    """A job's GPU-hours, and what an hour costs."""

    gpu_hours: Amount = entry("GPU-hours; or give gpus and hours", "GPU-h")
    gpus: Count = entry("GPUs")
    hours: Amount = entry("hours", "h")
    usd_per_gpu_hour: Amount = entry("price of a GPU-hour", "USD")
    watts: Amount = entry("power of one GPU", "W")
    pue: Overhead = preset(1.0, "power usage effectiveness of the data centre")
    kg_per_kwh: Amount = entry("carbon intensity of the grid", "kg CO2e/kWh")


_CARBON = cite("carbon", "§2 and Table 1")
_LLAMA = cite("llama", "§6 and Table 15")
_HOURS = cite("deepseek_v3", "Table 1")


def compute(inputs: Inputs, output: str) -> Computed:
    """Compute GPU-hours, US dollars, MWh or tonnes of CO2 equivalent."""
    hours, template = inputs.gpu_hours, "{gpu_hours}"
    missing: list[str] = []
    if hours is None:
        template = "{gpus}·{hours}"
        if inputs.gpus is None and inputs.hours is None:
            missing = ["gpu_hours"]
        else:
            missing = [name for name in ("gpus", "hours") if getattr(inputs, name) is None]
    extra = {"usd": ("usd_per_gpu_hour",), "mwh": ("watts",), "tco2e": ("watts", "kg_per_kwh")}.get(output, ())
    need(inputs, output, *missing, *extra)
    if hours is None:
        hours = inputs.gpus * inputs.hours
    symbols = inputs.model_dump()
    if output == "gpu_hours":
        return Computed(hours, Formula("GPU-h", template, r"H = n\,t", _HOURS), symbols)
    if output == "usd":
        formula = Formula("USD", f"{template}·{{usd_per_gpu_hour}}", r"\mathrm{USD} = H\,c", _HOURS)
        return Computed(hours * inputs.usd_per_gpu_hour, formula, symbols)
    megawatt_hours = hours * inputs.watts * inputs.pue / 1e6
    energy, latex = f"{template}·{{watts}}·{{pue}}/10^6", r"E = \frac{H\,W\,\mathrm{PUE}}{10^{6}}"
    assumptions = ("every GPU draws the stated power all the time; processors, network and idle nodes are left out",)
    if output == "mwh":
        return Computed(megawatt_hours, Formula("MWh", energy, latex, _CARBON), symbols, assumptions=assumptions)
    # Kilograms per kilowatt-hour and tonnes per megawatt-hour are the same number.
    formula = Formula("tCO2e", f"{energy}·{{kg_per_kwh}}", r"m = \frac{H\,W\,\mathrm{PUE}}{10^{6}}\,k", _CARBON)
    return Computed(megawatt_hours * inputs.kg_per_kwh, formula, symbols, assumptions=assumptions)


_HOURS_FIELDS = ("gpu_hours", "gpus", "hours")

CALCULATOR = Calculator(
    name="cost_energy",
    title="Cost, energy and carbon",
    group="time",
    question="What do these GPU-hours cost, in money, energy and carbon?",
    inputs=Inputs,
    outputs=(
        Output("mwh", "energy", ("MWh",), (*_HOURS_FIELDS, "watts", "pue")),
        Output("gpu_hours", "GPU-hours", ("GPU-h",), _HOURS_FIELDS),
        Output("usd", "price", ("M USD",), (*_HOURS_FIELDS, "usd_per_gpu_hour")),
        Output("tco2e", "carbon", ("tCO2e",), (*_HOURS_FIELDS, "watts", "pue", "kg_per_kwh")),
    ),
    compute=compute,
    references=(_CARBON, _LLAMA, _HOURS),
    example=Case(
        {"gpu_hours": 1_720_320, "watts": 400, "pue": 1.1, "kg_per_kwh": 0.385}, "tco2e", "tCO2e", 291.42, 1e-4
    ),
    traps=(
        Trap(
            "a training run's carbon is a property of the model",
            "LLaMA-65B: 173 t at 0.385 kg/kWh; 25.6 t at BLOOM's 0.057",
            "the grid decides more than the model; LLaMA's table puts all on one grid",
            "LLaMA (arXiv 2302.13971), Table 15",
            Case({"gpu_hours": 1_022_362, "watts": 400, "pue": 1.1, "kg_per_kwh": 0.057}, "tco2e", "tCO2e", 25.6, 2e-3),
        ),
    ),
)
