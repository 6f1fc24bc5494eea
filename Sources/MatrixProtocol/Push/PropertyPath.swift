internal import CanonicalJSON

/// A property of an event, as conditions name it (appendices, "Dot-separated property paths").
struct PropertyPath: Sendable, Hashable {
    /// The names from the outermost object to the property.
    let names: [String]

    /// Reads a path. A backslash before a dot or another backslash makes that a part of the name; any other one stands for itself.
    init(_ path: String) {
        var names: [String] = []
        var name = String.UnicodeScalarView()
        var rest = path.unicodeScalars[...]
        while let character = rest.popFirst() {
            if character == "\\", let next = rest.first, next == "." || next == "\\" {
                rest.removeFirst()
                name.append(next)
            } else if character == "." {
                names.append(String(name))
                name = String.UnicodeScalarView()
            } else {
                name.append(character)
            }
        }
        self.names = names + [String(name)]
    }

    /// The text of a message.
    static let body = PropertyPath("content.body")

    /// The property's value; nil where there is none.
    func value(in event: JSONObject) -> JSONValue? {
        var value = JSONValue.object(event)
        for name in names {
            guard let inner = value.objectValue?[name] else { return nil }
            value = inner
        }
        return value
    }
}
