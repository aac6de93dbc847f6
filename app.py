"""The app: `streamlit run app.py`. Imported, it is the web server; run, it is the page that is asked for.

Imports no model and no index: those load behind the pages.
"""

import streamlit as st

if __name__ != "__main__":
    from ui.server import parts

    # Streamlit finds a server by the name of the class that is called here.
    app = st.App(__file__, **parts())
else:
    from ui.navigation import pages
    from ui.state import shown_errors
    from ui.theme import ICON, dress

    page = st.navigation(pages(), position="top")
    st.set_page_config(
        page_title=f"{page.title} · MLSys Almanac",
        page_icon=str(ICON),
        layout="centered",
        initial_sidebar_state="collapsed",
    )
    dress()
    with shown_errors():
        page.run()
