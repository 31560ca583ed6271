"""Hypothesis profiles: the default repeats the same examples in every run, `deep` is for nights.

python -m pytest                              the default
python -m pytest --hypothesis-profile deep    10,000 random examples a property
"""

import os

from hypothesis import HealthCheck, settings

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")  # before NumPy is loaded: small products, and busy machines

calm = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("default", max_examples=25, derandomize=True, **calm)
settings.register_profile("deep", max_examples=10_000, **calm)
settings.load_profile("default")
