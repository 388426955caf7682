"""The cars of the demo: models at the BPO, products at the dealer, known to both by their code."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Vehicle:
    """One model: the code shared by both sides, its brand's code, name, kind and list price in pesos."""

    code: str
    brand: str
    name: str
    category: str
    price: int


BRANDS = (("FOTON", "Foton"), ("CHERY", "Chery"), ("JETOUR", "Jetour"), ("BAIC", "BAIC"))

VEHICLES = (
    Vehicle("FT-THUNDER-42", "FOTON", "Thunder 4x2 AT", "Pick-up", 1_078_000),
    Vehicle("FT-THUNDER-44", "FOTON", "Thunder 4x4 AT", "Pick-up", 1_298_000),
    Vehicle("FT-TOANO-15", "FOTON", "Toano 15-Seater", "Van", 1_948_000),
    Vehicle("FT-GRATOUR-F", "FOTON", "Gratour F-Cargo", "Light truck", 598_000),
    Vehicle("CH-TIGGO2-PRO", "CHERY", "Tiggo 2 Pro", "Crossover", 745_000),
    Vehicle("CH-TIGGO5X-PRO", "CHERY", "Tiggo 5X Pro", "Crossover", 960_000),
    Vehicle("CH-TIGGO7-PRO", "CHERY", "Tiggo 7 Pro", "SUV", 1_230_000),
    Vehicle("CH-TIGGO8-PRO", "CHERY", "Tiggo 8 Pro", "SUV", 1_695_000),
    Vehicle("JT-DASHING", "JETOUR", "Dashing 1.5T", "SUV", 1_198_000),
    Vehicle("JT-X70-PLUS", "JETOUR", "X70 Plus", "SUV", 1_249_000),
    Vehicle("JT-ICE-CREAM", "JETOUR", "Ice Cream EV", "City car", 699_000),
    Vehicle("BC-X55", "BAIC", "X55 II Comfort", "SUV", 1_088_000),
)
