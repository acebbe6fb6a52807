"""QR codes as pictures: what a phone's camera opens."""

import io
from collections.abc import Callable

import segno

BORDER = 4  # modules of white around it, as readers ask for
ERROR = "m"  # 15 % may be dirty or torn
PNG_SCALE = 16  # pixels a module: sharp at the width of a sheet


def svg(address: str) -> bytes:
    """Grows to the width it is given."""
    out = io.BytesIO()
    segno.make_qr(address, error=ERROR).save(out, kind="svg", border=BORDER, omitsize=True, light="#fff")
    return out.getvalue()


def png(address: str) -> bytes:
    out = io.BytesIO()
    segno.make_qr(address, error=ERROR).save(out, kind="png", border=BORDER, scale=PNG_SCALE)
    return out.getvalue()


# kind -> (how it is drawn, its media type)
PICTURES: dict[str, tuple[Callable[[str], bytes], str]] = {"png": (png, "image/png"), "svg": (svg, "image/svg+xml")}
