import Store

/// The accounts database as somebody reads it: at a published state, or in a commit with what it has written.
///
/// What can be asked stands in the extensions, one file for each subject.
package struct AccountsView {
    /// Where the maps are read.
    package let reader: any Reader

    package init(_ reader: any Reader) {
        self.reader = reader
    }
}
