"""HTTP as far as the status front needs it: heads, addresses and answers as bytes. Knows no CA and no database."""
