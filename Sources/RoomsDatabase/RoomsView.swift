import Store

/// The rooms database as somebody reads it: at a published state, or in a commit with what it has written.
///
/// What can be asked stands in the extensions, one file for each subject.
package struct RoomsView {
    /// Where the maps are read: by the extensions, and by nobody else.
    let reader: any Reader

    package init(_ reader: any Reader) {
        self.reader = reader
    }
}
