"""What people see: page kinds, forms, words and assets. It knows no business: a site fills a page kind with what it has read.

``rendering`` makes HTML of a template, ``templates/kinds`` are the page kinds (each exists once), ``templates/parts`` the
pieces they are made of, ``static`` what the browser loads, ``words`` the languages, ``locale`` the catalogues.
"""
