# Plays wire scripts: `script` reads them, `connection` is a socket with a deadline, `nats` and `kafka` know the two notations.
