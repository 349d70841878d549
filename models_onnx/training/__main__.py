"""Rebuild one model of the zoo: ``python -m esapr.models_onnx.training NAME``.

Each step runs in an interpreter of its own, because Keras takes one backend a process. Steps show
their progress and go on where an earlier run was stopped.
"""

import argparse
import subprocess
import sys

STEPS: dict[str, tuple[tuple[str, ...], ...]] = {
    "face_detector": (("face.convert_detector",),),
    "face_landmarks": (("face.convert_landmarks",),),
    "eye_iris": (("face.convert_iris",),),
    "face_expression": (
        ("face.train_expression", "mobile"),
        ("face.export_expression", "mobile", "--final"),
    ),
    "voice_activity": (("voice.convert_activity",),),
    "voice_expression": (("voice.train_expression",),),
    "text_expression": (("text.train_expression",), ("text.export_expression",)),
    "text_personality": (("text.train_personality",),),
}
"""Modules under ``esapr.models_onnx.training`` with their arguments, in order, by model."""


def main() -> None:
    """Run the steps of the model that the command line names; stop at the first that fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", choices=sorted(STEPS))
    for module, *arguments in STEPS[parser.parse_args().model]:
        step = [sys.executable, "-m", f"{__package__}.{module}", *arguments]
        done = subprocess.run(step, check=False)
        if done.returncode:
            sys.exit(done.returncode)


if __name__ == "__main__":
    main()
