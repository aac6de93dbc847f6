"""The Streamlit interface: the only home of Streamlit besides app.py."""
