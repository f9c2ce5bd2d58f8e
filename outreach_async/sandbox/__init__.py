"""Both APIs simulated: a pure core, served in process or on loopback. The part of the product that stands in for an account."""
