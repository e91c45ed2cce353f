# What bench/run is made of: the rows, how one is measured, how it is printed.
