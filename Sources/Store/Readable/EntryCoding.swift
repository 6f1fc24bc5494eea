/// A map's keys and values where their types are not known: in what is given a map by its name.
package protocol EntryCoding: Sendable {
    /// What the map's keys look like to people.
    var keyForm: ReadableForm { get }

    /// A stored key as people read it.
    ///
    /// - Throws: `StoreError.undecodable` when the bytes are none of the map's keys.
    func readableKey(_ key: [UInt8]) throws -> ReadableValue

    /// The value that is stored at `key`, as people read it.
    ///
    /// - Throws: `StoreError.undecodable` when the bytes are none of the map's values.
    func readableValue(_ value: [UInt8], at key: [UInt8]) throws -> ReadableValue

    /// The bytes of a key that somebody wrote in its form.
    ///
    /// - Throws: ``ReadableFormError`` when it is in another one.
    func encodeKey(_ key: ReadableValue) throws -> [UInt8]

    /// All keys that begin with what somebody wrote: with the first parts of a key of several, with a text, with bytes.
    ///
    /// - Throws: ``ReadableFormError`` when it is in another form.
    func keyRange(ofPrefix prefix: ReadableValue) throws -> KeyRange
}

/// The coding of a column, whose types are known where it is declared.
struct ColumnEntryCoding<Key: StoreCodable, Value: StoreCodable>: EntryCoding {
    /// How a value is read that means something else at other keys.
    let describe: (@Sendable (Key, Value) throws -> ReadableValue)?

    var keyForm: ReadableForm { Key.readableForm }

    func readableKey(_ key: [UInt8]) throws -> ReadableValue {
        try Key(encoded: key).readable
    }

    func readableValue(_ value: [UInt8], at key: [UInt8]) throws -> ReadableValue {
        let value = try Value(encoded: value)
        return try describe?(try Key(encoded: key), value) ?? value.readable
    }

    func encodeKey(_ key: ReadableValue) throws -> [UInt8] {
        try Key(readable: key).encoded
    }

    func keyRange(ofPrefix prefix: ReadableValue) throws -> KeyRange {
        try Key.keyRange(ofPrefix: prefix)
    }
}
