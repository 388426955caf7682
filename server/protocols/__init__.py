"""One module per dialect, each turning its wire form into a call and a result back into its wire form."""
