"""OpenCV, imported once and tolerantly.

Where OpenCV cannot be imported (a GUI build on a server without libGL), `manage.py check` must be able to say
so; an import error at the top of every module would be a traceback from every command instead.
"""

CV2_PROBLEM = ""

try:
    import cv2
except ImportError as error:
    cv2 = None  # type: ignore[assignment]
    CV2_PROBLEM = str(error)

__all__ = ["CV2_PROBLEM", "cv2"]
