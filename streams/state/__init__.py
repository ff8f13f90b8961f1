"""State folded from compacted topics: partition stores, materialised views, and the reader behind them."""
