"""What people and authorities ask of us, with its clocks; and the register of incidents."""
