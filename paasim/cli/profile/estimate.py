"""`paasim profile estimate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from paasim.cli.profile import options
from paasim.cli.profile.options import Header, Output

if TYPE_CHECKING:
    from paasim.core.units import Dimension
    from paasim.model.model import Model
    from paasim.profile.estimate import Ratios, Weights

TOLD = {
    "provenance": "an estimate is estimated",
    "note": "it says how the estimate was made",
    "source": "--source says it",
}
"""Header fields that are not the user's to set."""
ROOFLINE = {"model": "--model says it", "dtype": "--dtype says it", "tp": "--gpus says it"}
ROOFLINE |= {"memory": "it follows from --memory and --model"}


def estimate(
    output: Output,
    source: Annotated[str, typer.Option(help="Where the figures come from: the URL of the data sheet.")],
    model: Annotated[str, typer.Option(help="Model of the catalogue, for a roofline.")] = "",
    compute: Annotated[str, typer.Option(help="Peak arithmetic of one GPU, dense, as in '989 TFLOP/s'.")] = "",
    bandwidth: Annotated[str, typer.Option(help="Memory bandwidth of one GPU, as in '3.35 TB/s'.")] = "",
    memory: Annotated[str, typer.Option(help="Memory of one GPU, as in '80 GB'.")] = "",
    dtype: Annotated[str, typer.Option(help="Number format of the weights; else the model's.")] = "",
    gpus: Annotated[int | None, typer.Option(help="Tensor-parallel GPUs; 1 if not given.", min=1)] = None,
    query_width: Annotated[
        float | None, typer.Option(help="Layers x query heads x head size; without it attention costs no arithmetic.")
    ] = None,
    compute_share: Annotated[float | None, typer.Option(help="Share of the peak arithmetic reached; else 1.")] = None,
    bandwidth_share: Annotated[float | None, typer.Option(help="Share of the bandwidth reached; else 1.")] = None,
    scale: Annotated[str, typer.Option(help="Instead: scale the form of this profile by --ratio.")] = "",
    ratio: Annotated[
        list[str] | None, typer.Option(help="compute, bandwidth, weight_bytes or kv_bytes, as in bandwidth=1.43.")
    ] = None,
    header: Header = None,
) -> None:
    """Write a profile that nobody measured: a roofline from a data sheet, or another profile scaled; it says so."""
    from paasim.core.units import BANDWIDTH, COMPUTE, SIZE
    from paasim.profile import estimate as estimates
    from paasim.profile.write import require_writable, write

    sheet = {"--model": model, "--compute": compute, "--bandwidth": bandwidth, "--memory": memory}
    more = {"--dtype": dtype, "--gpus": gpus, "--query-width": query_width}
    more |= {"--compute-share": compute_share, "--bandwidth-share": bandwidth_share}
    _require_together(sheet | more, scale, ratio)
    require_writable(output)
    told = TOLD if scale else TOLD | ROOFLINE
    fields: dict[str, Any] = {"id": output.stem, "source": source, **options.header_fields(header, told)}
    if scale:
        from paasim.profile import load

        spec = estimates.scaled(load(scale, Path.cwd()), _ratios(ratio), fields)
    else:
        from paasim import model as models

        sheet_of_one = estimates.DataSheet(
            _quantity(COMPUTE, "--compute", compute),
            _quantity(BANDWIDTH, "--bandwidth", bandwidth) / 8,
            _quantity(SIZE, "--memory", memory),
            _share("--compute-share", compute_share),
            _share("--bandwidth-share", bandwidth_share),
        )
        weights = _weights(models.load(model, Path.cwd()), dtype, gpus or 1)
        spec = estimates.roofline(weights, sheet_of_one, fields, gpus or 1, _width(query_width))
    write(spec, None, output)
    options.report([_Written(spec)], output)


def _require_together(sheet: dict[str, Any], scale: str, ratio: list[str] | None) -> None:
    """Refuse options of one way of estimating with the other, and a roofline without its four figures.

    Raises:
        InputError: naming them.
    """
    from paasim.core.errors import InputError

    given = [option for option, value in sheet.items() if value not in ("", None)]
    if scale and given:
        what = (
            f"scales the form of a profile, which {', '.join(given)} {'has' if len(given) == 1 else 'have'} no part in"
        )
        todo = "leave them out and say what differs with --ratio, or leave --scale out for a roofline"
        raise InputError.one("--scale", what, todo)
    if not scale and ratio:
        raise InputError.one("--ratio", "is of no use without the profile that it scales", "name it with --scale")
    missing = [option for option in list(sheet)[:4] if option not in given]
    if not scale and missing:
        todo = "a roofline needs --model, --compute, --bandwidth and --memory; or scale a profile: --scale"
        raise InputError.one(missing[0], "is missing", todo)


class _Written:
    """What `options.report` asks of a profile."""

    def __init__(self, spec: Any) -> None:
        self.spec, self.id = spec, spec.id


def _weights(model: Model, dtype: str, gpus: int) -> Weights:
    from paasim.core.errors import InputError
    from paasim.profile.estimate import Weights

    dtype = dtype or model.dtype
    size, parameters = model.weight_bytes(dtype), model.spec.parameters
    if size is None or parameters is None:
        what = f"the bytes of {model.id} in {dtype} are not known"
        raise InputError.one("--dtype", what, "choose a number format of fixed size (bf16, fp8, int4, ...)")
    kept = None if model.state_bytes else model.capacity_bytes(1.0, gpus)
    active = model.spec.active_parameters or parameters
    return Weights(model.id, dtype, parameters, active, size, model.kv_bytes_per_token, kept)


def _ratios(texts: list[str] | None) -> Ratios:
    from paasim.core.errors import InputError, did_you_mean
    from paasim.profile.estimate import Ratios

    found = {}
    for name, text in options.pairs(texts, "--ratio").items():
        if name not in Ratios.__dataclass_fields__:
            raise InputError.one("--ratio", f"'{name}' is unknown", did_you_mean(name, Ratios.__dataclass_fields__))
        try:
            found[name] = float(text)
        except ValueError:
            found[name] = 0.0
        if not 0 < found[name] < 1e6:
            raise InputError.one(
                "--ratio", f"{name} '{text}' is not a ratio above zero", "write e.g. --ratio compute=2"
            )
    if not found:
        raise InputError.one("--ratio", "is missing", "say what differs, as in --ratio bandwidth=1.43")
    return Ratios(**found)


def _quantity(dimension: Dimension, option: str, text: str) -> float:
    from paasim.core.errors import InputError

    try:
        value = dimension.parse(text)
    except ValueError as error:
        raise InputError.one(option, str(error), f"write e.g. {option} '{dimension.example}'") from None
    if value <= 0:
        raise InputError.one(option, f"'{text}' is not more than zero", f"write e.g. {option} '{dimension.example}'")
    return value


def _width(value: float | None) -> float | None:
    from paasim.core.errors import InputError

    if value is not None and not 0 < value < 1e9:
        todo = "it is layers x query heads x head size, as in 131072"
        raise InputError.one("--query-width", f"{value} is not a width above zero", todo)
    return value


def _share(option: str, value: float | None) -> float:
    from paasim.core.errors import InputError

    if value is None:
        return 1.0
    if not 0 < value <= 1:
        raise InputError.one(option, f"{value} is not a share above 0 and up to 1", f"write e.g. {option} 0.7")
    return value
