import MatrixProtocol
import Store
import StoredIdentifiers

extension AccountsView {
    /// The newest reports that came before one, the newest first.
    ///
    /// - Parameter last: the last report that is known already; nil begins with the newest of all.
    package func reports(before last: ReportID? = nil, limit: Int) throws -> [(id: ReportID, report: Report)] {
        let range = last.map { KeyRange.all.below($0.encoded) } ?? .all
        var reports = try reader.domain(AccountsMaps.reports, range, .backward)
        return try reports.collect(limit: limit).map { ($0.key, $0.value) }
    }
}

extension AccountsDatabase {
    /// Keeps a report for the administrators.
    package func keep(_ report: Report) async throws {
        try await database.commit { $0.put(AccountsMaps.reports, $0.makeShortID(), report) }
    }
}
