"""tools/wheel builds this package, with the libraries beside it."""

from setuptools import Distribution, setup
from wheel.bdist_wheel import bdist_wheel


class LibraryDistribution(Distribution):
    def has_ext_modules(self):
        return True  # the libraries are a platform's


class LibraryWheel(bdist_wheel):
    def get_tag(self):
        return "py3", "none", super().get_tag()[2]  # called by ctypes, whatever the Python


setup(distclass=LibraryDistribution, cmdclass={"bdist_wheel": LibraryWheel})
