"""What a person is told, by code."""

FAILURES: dict[str, str] = {
    "too_few_frames": "We did not get enough pictures from your camera. Please check your connection and try again.",
    "too_slow": "The check took too long. Please try again, one movement at a time.",
    "wrong_order": "The movements did not come in the order we asked for. Please try again, one at a time.",
    "face_changed": "We did not see the same face all the way through. Please try again alone, your face uncovered.",
    "several_faces": "There was more than one face in the picture. Please try again alone.",
    "flat": "We could not see your face from its sides. Please turn your head itself, and not the camera.",
    "still": "The picture did not move as a face in front of a camera does. Please try again.",
    "screen": "This looked like a picture of a screen or a print. Please use your camera directly, in even light.",
    "recording": "This looked like a recording. Please do the movements anew, in front of your camera.",
    "cut": "The picture jumped. Please try again and keep your face in view all the time.",
    "poor": "We could not see your face well enough. Please try again in brighter, even light.",
}
"""Why a check failed: one calm sentence for each code of `Verdict.failure`."""

HINTS: dict[str, str] = {
    "look_straight": "Look straight at the camera.",
    "turn_left": "Slowly turn your head to your left.",
    "turn_right": "Slowly turn your head to your right.",
    "look_up": "Slowly look up.",
    "come_closer": "Come closer to the camera.",
    "move_back": "Move back to where you were.",
    "slower": "A little slower, please. Begin from looking straight at the camera.",
    "no_face": "We cannot see your face.",
    "several_faces": "Only you should be in the picture.",
    "too_far": "Come a little closer first.",
    "too_close": "Move back a little first.",
    "too_dark": "It is too dark to see you well.",
    "hold_still": "Hold still for a moment.",
    "done": "Done.",
    "failed": "This did not work.",
}
"""What to do now: one sentence for each code of `Progress.hint`."""
