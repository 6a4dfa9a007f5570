from setuptools import Extension, setup

setup(ext_modules=[Extension("window._sums", ["window/_sums.c"])])
