"""OpenCV, imported once and tolerantly.

Where OpenCV cannot be imported (a GUI build on a server without libGL), `manage.py check` must be able to say so;
an import error at the top of every module would be a traceback from every command instead.
"""

try:
    import cv2

    CV2_PROBLEM = ""
except ImportError as error:
    CV2_PROBLEM = str(error) or "the cv2 module is missing"

__all__ = ["CV2_PROBLEM", "cv2"]
