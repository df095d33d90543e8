"""A face that the estimate takes for a child's: an adult's, its proportions made shorter and wider.

No photo of a child is needed for that, and none is here.
"""

from PIL import Image

from tests import photos


def shortened(pixels: photos.Rgb, share: float) -> photos.Rgb:
    image = Image.fromarray(pixels)
    return photos.np.asarray(image.resize((image.width, round(image.height * share))))


YOUNG_LOOKING = photos.encode(shortened(photos.astronaut(), 0.72), "PNG")
"""The astronaut's: it still matches her."""
BESIDE_AN_ADULT = photos.encode(photos.beside(photos.hopper(), shortened(photos.astronaut(), 0.72), height=512), "PNG")
