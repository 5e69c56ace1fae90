"""Does `effect` tell the truth, and does the default ranking keep more money: on a shop whose truth is known."""
