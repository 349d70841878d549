"""What the ancestor's README reports: accuracy on FER2013 in per cent; None where it left a gap."""

ACCURACY: dict[str, float | None] = {
    "lightgbm_flat": None,
    "lightgbm_encoded": None,
    "svm_hog": 32.8,
    "svm_landmarks": 46.4,
    "svm_both": 47.5,
    "svm_windows": 24.6,
    "simple_cnn": 62.7,
    "deeper_cnn": None,
    "inception": 59.5,
    "xception": 64.5,
    "dexpression": None,
    "hybrid": 45.8,
    "alignment": None,
}
"""The rows by their names on the command line."""
