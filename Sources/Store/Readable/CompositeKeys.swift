// The readable forms of keys of several parts: lists of their parts'. A prefix is a list of the first of them.

extension FixedKey {
    package static var readableForm: ReadableForm {
        var forms: [ReadableForm] = []
        for part in repeat (each Part).self { forms.append(part.readableForm) }
        return .list(forms)
    }

    package var readable: ReadableValue {
        var values: [ReadableValue] = []
        for part in repeat each parts { values.append(part.readable) }
        return .list(values)
    }

    package init(readable: ReadableValue) throws {
        var rest = PartsReader(readable, Self.readableForm)
        self.init(repeat try rest.next((each Part).self))
        try rest.finish()
    }

    package static func keyRange(ofPrefix prefix: ReadableValue) throws -> KeyRange {
        var rest = PartsReader(prefix, readableForm)
        var bytes: [UInt8] = []
        for part in repeat (each Part).self {
            if !rest.isAtEnd { try rest.next(part).encodeFixedWidth(to: &bytes) }
        }
        try rest.finish()
        return .prefix(bytes)
    }
}

extension TupleKey: StoreCodable, HumanReadable where repeat each Part: HumanReadable {
    package init(encoded bytes: [UInt8]) throws {
        do {
            try self.init(decoding: bytes)
        } catch {
            throw StoreError.undecodable(bytes, as: "a tuple: \(error)")
        }
    }

    package static var readableForm: ReadableForm {
        var forms: [ReadableForm] = []
        for part in repeat (each Part).self { forms.append(part.readableForm) }
        return .list(forms)
    }

    package var readable: ReadableValue {
        var values: [ReadableValue] = []
        for part in repeat each parts { values.append(part.readable) }
        return .list(values)
    }

    package init(readable: ReadableValue) throws {
        var rest = PartsReader(readable, Self.readableForm)
        self.init(repeat try rest.next((each Part).self))
        try rest.finish()
    }

    package static func keyRange(ofPrefix prefix: ReadableValue) throws -> KeyRange {
        var rest = PartsReader(prefix, readableForm)
        var bytes: [UInt8] = []
        var isWhole = true
        for part in repeat (each Part).self {
            if rest.isAtEnd { isWhole = false } else { try rest.next(part).encode(to: &bytes) }
        }
        try rest.finish()
        if isWhole { return KeyRange(lower: bytes, upper: bytes + [0x00]) }
        return bytes.isEmpty ? .all : KeyRange(lower: bytes + [0x00], upper: bytes + [0xFF])
    }
}

/// Takes a composite key's parts one after the other.
private struct PartsReader {
    private var rest: ArraySlice<ReadableValue>
    private let form: ReadableForm

    init(_ readable: ReadableValue, _ form: ReadableForm) {
        rest = readable.elements[...]
        self.form = form
    }

    var isAtEnd: Bool { rest.isEmpty }

    /// The next part.
    ///
    /// - Throws: ``ReadableFormError`` with the whole key's form, when none is left or it is in another form.
    mutating func next<Part: HumanReadable>(_ type: Part.Type) throws -> Part {
        guard let part = rest.popFirst() else { throw ReadableFormError(expected: form) }
        do { return try Part(readable: part) } catch is ReadableFormError { throw ReadableFormError(expected: form) }
    }

    func finish() throws(ReadableFormError) {
        guard isAtEnd else { throw ReadableFormError(expected: form) }
    }
}
