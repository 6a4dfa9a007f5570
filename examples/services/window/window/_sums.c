#define PY_SSIZE_T_CLEAN
#include <Python.h>

/* sums(numbers, size): of each `size` numbers in a row. */
static PyObject *sums(PyObject *self, PyObject *args)
{
	PyObject *numbers, *found;
	Py_ssize_t size;
	(void)self;
	if (!PyArg_ParseTuple(args, "O!n", &PyList_Type, &numbers, &size))
		return NULL;
	if (!(found = PyList_New(0)))
		return NULL;
	long long sum = 0;
	for (Py_ssize_t i = 0; i < PyList_GET_SIZE(numbers); i++) {
		sum += PyLong_AsLongLong(PyList_GET_ITEM(numbers, i));
		if (i >= size)
			sum -= PyLong_AsLongLong(PyList_GET_ITEM(numbers, i - size));
		if (PyErr_Occurred()) {
			Py_DECREF(found);
			return NULL;
		}
		if (i + 1 >= size) {
			PyObject *value = PyLong_FromLongLong(sum);
			if (!value || PyList_Append(found, value)) {
				Py_XDECREF(value);
				Py_DECREF(found);
				return NULL;
			}
			Py_DECREF(value);
		}
	}
	return found;
}

static PyMethodDef methods[] = {
	{"sums", sums, METH_VARARGS, "The sums of each `size` numbers in a row."},
	{NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
	PyModuleDef_HEAD_INIT, "_sums", NULL, -1, methods, NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__sums(void)
{
	return PyModule_Create(&module);
}
