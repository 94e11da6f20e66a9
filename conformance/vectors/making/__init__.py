"""What the vectors are made of, one module per group; run once by ``make.py`` beside this folder."""
