#!/usr/bin/env python3
"""Writes the seeds that are pickles of Python, without numpy and torch: stand-ins have their names."""
import collections
import io
import os
import pickle
import struct
import sys
import types
import zipfile

folder = os.path.dirname(os.path.abspath(__file__))


def place(module, name, thing):
    thing.__module__, thing.__qualname__, thing.__name__ = module, name, name
    parts = module.split(".")
    for i in range(len(parts)):
        sys.modules.setdefault(".".join(parts[: i + 1]), types.ModuleType(parts[i]))
    setattr(sys.modules[module], name, thing)
    return thing


def function(module, name):
    return place(module, name, lambda *args: None)


def a_class(module, name):
    return place(module, name, type(name, (), {}))


class Made:
    """Pickles as a call of `callee`, then with a state."""

    def __init__(self, callee, args, state=None):
        self.call = (callee, args) if state is None else (callee, args, state)

    def __reduce_ex__(self, protocol):
        return self.call


class Storage:
    def __init__(self, key, kind, letter, values):
        self.key, self.kind, self.count = key, a_class("torch", kind), len(values)
        self.bytes = struct.pack("<%d%s" % (len(values), letter), *values)


rebuild_tensor = function("torch._utils", "_rebuild_tensor_v2")
rebuild_parameter = function("torch._utils", "_rebuild_parameter")
numpy_scalar = function("numpy.core.multiarray", "scalar")
reconstruct = function("numpy.core.multiarray", "_reconstruct")
from_buffer = function("numpy.core.numeric", "_frombuffer")
dtype = function("numpy", "dtype")
ndarray = a_class("numpy", "ndarray")
config = a_class("mmcv.utils.config", "ConfigDict")
LETTERS = {"f2": "e", "f4": "f", "f8": "d", "i4": "i", "i8": "q"}


def number_type(text):
    return Made(dtype, (text, False, True), (3, "<", None, None, None, -1, -1, 0))


def packed(text, values):
    return struct.pack("<%d%s" % (len(values), LETTERS[text]), *values)


def array(text, shape, values):
    return Made(reconstruct, (ndarray, (0,), b"b"),
                (1, shape, number_type(text), False, packed(text, values)))


def array5(text, shape, values):
    """As protocol 5 has it."""
    return Made(from_buffer, (packed(text, values), number_type(text), shape, "C"))


def scalar(text, value):
    return Made(numpy_scalar, (number_type(text), packed(text, [value])))


def save(name, thing, protocol):
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as out:
        pickle.dump(thing, out, protocol)


def ramp(count):
    return [i / 4 for i in range(count)]


def make_annotations():
    # Kinetics-400 of PYSKL: persons by frame, keypoints in files of their own.
    clips = [{"frame_dir": "walk/%s" % name, "raw_file": "/data/kpfiles/part.pkl", "label": label,
              "img_shape": (340, 256), "original_shape": (480, 360), "total_frames": 4,
              "valid": {0.5: 3, 0.6: 2}, "box_score": array5("f4", (3,), [0.9, 0.8, 0.7]),
              "frame_inds": array5("i8", (3,), [0, 2, 2])}
             for name, label in (("a", 0), ("b", scalar("i8", 1)))]
    save("seeds/pyskl_frames/k400.pkl", clips, 4)
    keypoints = {clip["frame_dir"]: {"keypoint": array5("f2", (3, 17, 3), ramp(3 * 17 * 3))}
                 for clip in clips}
    save("seeds/pyskl_frames/kpfiles/part.pkl", keypoints, 5)
    # The oldest protocol, and fields that are no one's but are kept.
    dense = [{"filename": name, "label": [0, 1], "total_frames": 2, "fps": 29.97,
              "img_shape": [480, 640], "subject": 3, "camera": 1, "setup": 2, "replication": 1,
              "keypoint": array("f4", (1, 2, 17, 2), ramp(1 * 2 * 17 * 2)),
              "keypoint_score": array("f4", (1, 2, 17), ramp(1 * 2 * 17)),
              "timestamps": array("f8", (2,), [0, 0.04]), "track_ids": array("i4", (1,), [7]),
              "weather": {"sun": True, "wind": [1, 2.5, None]}, "id": 2**70, "tags": {"new"},
              "place": array("f8", (2,), [1, 2]), "note": "\u00e9\u4e2d"}
             for name in ("a", "b")]
    save("seeds/pyskl_text/list.pkl", {"annotations": dense, "split": {"train": ["a"], "val": {"b"}},
                                       "class_names": ("walk", "run"), "skeleton": "coco17",
                                       "coordinates": "normalised"}, 0)


def make_labels():
    source = "seeds/numpy_text/"
    save(source + "val_label.pkl", (array("i8", (2,), [5, 6]), array("i4", (2,), [1, 0])), 0)
    with open(os.path.join(folder, source, "val_data.npy"), "wb") as out:
        header = b"{'descr': '>f4', 'fortran_order': True, 'shape': (2L, 3, 2, 18, 1), }"
        header = header.ljust(117) + b"\n"
        out.write(b"\x93NUMPY\x02\x00" + struct.pack("<I", len(header)) + header)
        out.write(struct.pack(">216f", *ramp(216)))


def tensor(storage, offset, size, stride):
    return Made(rebuild_tensor, (storage, offset, size, stride, False, collections.OrderedDict()))


class Pickler(pickle.Pickler):
    tail = ()

    def persistent_id(self, thing):
        if isinstance(thing, Storage):
            return ("storage", thing.kind, thing.key, "cpu", thing.count) + self.tail


class LegacyPickler(Pickler):
    tail = (None,)


def pickled(thing, kind=Pickler):
    out = io.BytesIO()
    kind(out, 2).dump(thing)
    return out.getvalue()


def make_checkpoints():
    floats = Storage("0", "FloatStorage", "f", ramp(12))
    halves = Storage("1", "HalfStorage", "e", [1.5, -2, 0, 65504])
    longs = Storage("2", "LongStorage", "q", [7])
    bools = Storage("3", "BoolStorage", "?", [True, False])
    storages = [floats, halves, longs, bools]
    parameter = Made(rebuild_parameter,
                     (tensor(halves, 0, (4,), (1,)), True, collections.OrderedDict()))
    state = collections.OrderedDict([
        ("module.backbone.weight", tensor(floats, 0, (3, 2), (2, 1))),
        ("module.backbone.transposed", tensor(floats, 6, (2, 3), (1, 2))),
        ("module.bn.num_batches_tracked", tensor(longs, 0, (), ())),
        ("module.half", parameter),
        ("module.mask", tensor(bools, 0, (2,), (1,))),
    ])
    momentum = {"step": 5, "momentum_buffer": tensor(floats, 0, (3, 2), (2, 1))}
    root = {
        "meta": {"CLASSES": ["walk", "run"], "epoch": 80, "time": "Mon", "rate": 0.1,
                 "size": 2**70, "seed": None, "hook": Made(config, (), {"a": 1}), "flags": {True},
                 "shape": (2, -3)},
        "state_dict": state,
        "optimizer": {"state": {0: momentum}, "param_groups": [{"lr": 1e-3, "params": [0, 1]}]},
        "best": scalar("f8", 0.87),
        "counts": array("i4", (2,), [3, -4]),
    }
    target = os.path.join(folder, "checkpoint/seeds")
    os.makedirs(target, exist_ok=True)
    with zipfile.ZipFile(os.path.join(target, "zip.pth"), "w", zipfile.ZIP_STORED) as archive:
        records = [("data.pkl", pickled(root)), ("byteorder", b"little"), ("version", b"3\n")]
        records += [("data/" + storage.key, storage.bytes) for storage in storages]
        for name, content in records:
            archive.writestr(zipfile.ZipInfo("seed/" + name), content)
    system = {"protocol_version": 1001, "little_endian": True, "type_sizes": {"int": 4}}
    with open(os.path.join(target, "legacy.pth"), "wb") as out:
        out.write(pickled(0x1950A86A20F9469CFC6C) + pickled(1001) + pickled(system))
        out.write(pickled(root, LegacyPickler) + pickled([s.key for s in storages]))
        for storage in storages:
            out.write(struct.pack("<q", storage.count) + storage.bytes)


def make_recording():
    """Three bodies of NTU, one of them too wide for a person."""
    lines = ["12"]
    for frame in range(12):
        bodies = [(7, 1, 0), (8, 1, 2), (9, 9, 1)]
        lines.append(str(len(bodies)))
        for body, width, shift in bodies:
            lines += ["%d 0 0 0 0 0 0 0 0 0" % body, "25"]
            for joint in range(25):
                x = width * (joint % 5) / 10 + shift + frame * shift / 50
                lines.append("%.2g %.2g 3 0 0 0 0 0 0 0 0 0" % (x, joint / 12))
    path = os.path.join(folder, "seeds/ntu_raw_bodies/S001C001P001R001A050.skeleton")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as out:
        out.write("\n".join(lines) + "\n")


make_annotations()
make_recording()
make_labels()
make_checkpoints()
