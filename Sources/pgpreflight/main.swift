print("pgpreflight")
