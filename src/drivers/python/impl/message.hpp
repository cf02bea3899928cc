#pragma once
// Messages of the coprocess protocol as Python objects: one C type a message, all of one shape,
// driven by the descriptor table. A field's value is made when it is first read; a message that
// stands for a request has a source to make values from. Assignment copies, so messages and their
// containers never form a circle and need no garbage collector. Thread: whoever holds the GIL.

#include <cstdint>
#include <memory>

#include "drivers/python/impl/descriptors.hpp"
#include "drivers/python/impl/py.hpp"

namespace tykpp::drivers::python {

struct Message;

/// Makes the value of a field that nobody has read or written yet: a new reference; null without an
/// error set means the field's default.
using Fill = PyObject* (*)(Message&, std::size_t index);

struct Message {
  PyObject ob_base;
  const Descriptor* descriptor;
  Fill fill;                           // null: what is not there has its default
  std::shared_ptr<const void> source;  // for `fill`
  std::uint64_t written;               // a bit for each field that was assigned
  PyObject* slots[1];                  // one a field
};

/// Set in `written` of a message that is there though all its fields have their defaults.
constexpr std::uint64_t kExplicit = std::uint64_t{1} << 63;

/// A map field: `dict[str, str]` with the semantics of the protocol, or `dict[str, Message]`.
struct Map {
  PyObject ob_base;
  PyObject* dict;
  const Field* field;
  bool shared;  // `dict` belongs to others too: copied before the first change
};

/// A repeated field.
struct Repeated {
  PyObject ob_base;
  PyObject* list;
  const Field* field;
};

/// Makes the types and puts them into the module. @return false with a Python error set
bool addMessageTypes(PyObject* module);
bool addContainerTypes(PyObject* module);
PyTypeObject* messageType(Type type) noexcept;

/// A message with nothing set; null with MemoryError.
Message* newMessage(Type type);
/// The object as a message of that type, or null.
Message* asMessage(PyObject* object, Type type) noexcept;
/// The object as a message of any type, or null.
Message* asMessage(PyObject* object) noexcept;
Map* asMap(PyObject* object) noexcept;
Repeated* asRepeated(PyObject* object) noexcept;

/// @param dict  taken over; null makes an empty one
PyObject* newMap(const Field& field, PyObject* dict = nullptr, bool shared = false);
/// @param list  taken over; null makes an empty one
PyObject* newRepeated(const Field& field, PyObject* list = nullptr);

/// The value as the field holds it (a text checked to be UTF-8, an integer in range …): a new
/// reference, or null with TypeError, ValueError or UnicodeError.
PyObject* checked(Kind kind, const char* name, PyObject* value);

/// The field's value as Python sees it: a new reference, or null with an error set.
PyObject* readField(Message& message, std::size_t index);
/// What is there already, or null: nothing is made. Borrowed.
inline PyObject* peekField(const Message& message, std::size_t index) noexcept {
  return message.slots[index];
}
inline bool wasWritten(const Message& message, std::size_t index) noexcept {
  return (message.written >> index & 1) != 0;
}
/// Assignment to a field; null deletes. @return false with an error set
bool writeField(Message& message, std::size_t index, PyObject* value);
/// Puts a checked value in its place, as the gateway does. @param value  taken over
void placeField(Message& message, std::size_t index, PyObject* value) noexcept;

/// Makes every value that is not there yet; the source is let go. @return false with an error set
bool materialise(Message& message);
/// Whether the field differs from its default. After materialise().
bool isSet(const Message& message, std::size_t index);
/// Whether the message is there for HasField and on the wire. After materialise().
bool isPresent(const Message& message);
void clearMessage(Message& message) noexcept;
void clearField(Message& message, std::size_t index) noexcept;
/// @return false with an error set
bool mergeMessage(Message& to, Message& from);
/// Sets fields by keyword as the constructor does: a dict for a message or a map, any iterable for
/// a list. @return false with an error set
bool assignAny(Message& message, std::size_t index, PyObject* value);
/// Sets every pair of a mapping (or of another map) in the map. @return false with an error set
bool updateMap(Map& map, PyObject* from);
/// Appends every element. @return false with an error set
bool extendRepeated(Repeated& repeated, PyObject* from);
/// Gives the map a dict of its own before it changes. @return false with an error set
bool ownDict(Map& map);
/// A message that equals this one; null with an error set.
Message* copyMessage(Message& message);

}  // namespace tykpp::drivers::python
