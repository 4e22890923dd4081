#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Lets PyTorch be imported without the libraries of CUDA, 4 GB that nothing here would use: its wheel for Linux wants them to be
there all the same.

    pip install --no-deps torch==2.15.0 && stand_in_for_cuda.py

Puts a library of each name that is missing beside PyTorch's own, with all functions that PyTorch's ask of it; each of them fails,
so that PyTorch finds no GPU. Needs a C compiler and binutils."""
import collections
import importlib.util
import pathlib
import re
import subprocess
import tempfile

CUDA = re.compile(r'lib(cu|nv|nccl)')
UNVERSIONED = re.compile(r'(nccl|cuFile|cusparseLt|nvshmem)')
FIRST = 'libcudart.so.13'  # whoever asks without a version takes what any library has


def read(option, path):
    return subprocess.run(['readelf', '-W', option, path], capture_output=True, text=True, check=True).stdout


def wanted(folder):
    """{library: {version: the functions that are asked of it}}; those without a version under ''."""
    functions = collections.defaultdict(lambda: collections.defaultdict(set))
    for path in folder.glob('*.so'):
        for library in re.findall(r'\(NEEDED\).*\[(.*)\]', read('--dynamic', path)):
            if CUDA.match(library) and not (folder / library).exists():
                functions[library]['']
        homes = {}
        library = ''
        for kind, name in re.findall(r'(File|Name): (\S+)', read('--version-info', path)):
            library = name if kind == 'File' else library
            homes[name] = library
            if kind == 'Name' and CUDA.match(library):
                functions[library][name]
        for name, version in re.findall(r' UND (\w+)(?:@{1,2}(\S+))?', read('--dyn-syms', path)):
            if CUDA.match(homes.get(version, '')):
                functions[homes[version]][version].add(name)
            elif not version and UNVERSIONED.match(name):
                functions[FIRST][''].add(name)
    return functions


def make(folder, library, versions):
    with tempfile.TemporaryDirectory() as work:
        source, script = pathlib.Path(work, 'a.c'), pathlib.Path(work, 'a.map')
        names = sorted(set().union(*versions.values()))
        # An error where a number is asked for, and zeros where it is a pointer.
        source.write_text('static long nothing[4096];\n' + ''.join(f'void *{name}(void) {{ return nothing; }}\n' for name in names))
        script.write_text(''.join(
            f'{version or "unversioned"} {{ {"global: " * bool(functions)}{"".join(name + "; " for name in sorted(functions))}}};\n'
            for version, functions in versions.items()))
        subprocess.run(['cc', '-shared', '-fPIC', '-w', '-o', folder / library, source, f'-Wl,-soname,{library}',
                        f'-Wl,--version-script={script}'], check=True)


def main():
    folder = pathlib.Path(importlib.util.find_spec('torch').submodule_search_locations[0]) / 'lib'
    for library, versions in wanted(folder).items():
        make(folder, library, versions)


if __name__ == '__main__':
    main()
