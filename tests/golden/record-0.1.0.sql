PRAGMA application_id = 1381257803;
PRAGMA user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
);
INSERT INTO "_sqlite_migrations" VALUES(1,'remtrack','m001_first_release','2026-11-22 22:24:45.626962+00:00');
CREATE TABLE assessments (patient_id TEXT NOT NULL, line INTEGER NOT NULL, reader TEXT NOT NULL, criteria TEXT NOT NULL, visit_on TEXT NOT NULL, visit TEXT NOT NULL, dated_on TEXT NOT NULL,
        target TEXT NOT NULL, nontarget TEXT NOT NULL, new_lesion TEXT NOT NULL,
        overall TEXT NOT NULL, reported TEXT NOT NULL, kind TEXT NOT NULL, reported_kind TEXT NOT NULL,
        sum_mm TEXT, sum_complete INTEGER, baseline_sum_mm TEXT, nadir_sum_mm TEXT,
        change_from_baseline_pct TEXT, change_from_nadir_pct TEXT, change_from_nadir_mm TEXT, value TEXT,
        rule TEXT NOT NULL, because TEXT NOT NULL, source TEXT NOT NULL,
        findings TEXT NOT NULL, undecided TEXT NOT NULL, flags TEXT NOT NULL, extra TEXT NOT NULL, facts_change INTEGER NOT NULL, revision INTEGER NOT NULL, FOREIGN KEY (patient_id) REFERENCES patients (patient_id) ON UPDATE CASCADE ON DELETE CASCADE,
        PRIMARY KEY (patient_id, line, reader, criteria, visit_on)) STRICT;
INSERT INTO "assessments" VALUES('P00',1,'','recist-1.1','2000-03-06','','2000-03-06','PR','NA','no','PR','PR','partial','partial','40.0',1,'60.0','60.0','-33.33333333333333333333333333','-33.33333333333333333333333333','-20.0','40.0','recist.overall.pr','sum 40 mm is -33.3 % from the baseline 60 mm: partial response; no non-target lesion in this line; no new lesion','Eisenhauer 2009, Table 1','[["target", "PR", "recist.target.pr"], ["nontarget", "NA", "recist.nontarget.na"], ["new_lesion", "no", "recist.new.none"], ["overall", "PR", "recist.overall.pr"]]','','','',4,2);
INSERT INTO "assessments" VALUES('P00',1,'','recist-1.1','2000-05-01','','2000-05-01','PR','NA','no','PR','PR','partial','partial','29.0',1,'60.0','40.0','-51.66666666666666666666666667','-27.5','-11.0','29.0','recist.overall.pr','sum 29 mm is -51.7 % from the baseline 60 mm: partial response; no non-target lesion in this line; no new lesion','Eisenhauer 2009, Table 1','[["target", "PR", "recist.target.pr"], ["nontarget", "NA", "recist.nontarget.na"], ["new_lesion", "no", "recist.new.none"], ["overall", "PR", "recist.overall.pr"]]','','','',4,2);
INSERT INTO "assessments" VALUES('P01',1,'','recist-1.1','2000-03-06','','2000-03-06','PR','NA','no','PR','PR','partial','partial','39.0',1,'60.0','60.0','-35','-35','-21.0','39.0','recist.overall.pr','sum 39 mm is -35.0 % from the baseline 60 mm: partial response; no non-target lesion in this line; no new lesion','Eisenhauer 2009, Table 1','[["target", "PR", "recist.target.pr"], ["nontarget", "NA", "recist.nontarget.na"], ["new_lesion", "no", "recist.new.none"], ["overall", "PR", "recist.overall.pr"]]','','','',13,2);
INSERT INTO "assessments" VALUES('P01',1,'','recist-1.1','2000-05-01','','2000-05-01','PR','NA','no','PR','PR','partial','partial','30.0',1,'60.0','39.0','-50','-23.07692307692307692307692308','-9.0','30.0','recist.overall.pr','sum 30 mm is -50.0 % from the baseline 60 mm: partial response; no non-target lesion in this line; no new lesion','Eisenhauer 2009, Table 1','[["target", "PR", "recist.target.pr"], ["nontarget", "NA", "recist.nontarget.na"], ["new_lesion", "no", "recist.new.none"], ["overall", "PR", "recist.overall.pr"]]','','','',13,2);
INSERT INTO "assessments" VALUES('P02',1,'','recist-1.1','2000-03-06','','2000-03-06','PR','NA','no','PR','PR','partial','partial','42.0',1,'60.0','60.0','-30','-30','-18.0','42.0','recist.overall.pr','sum 42 mm is -30.0 % from the baseline 60 mm: partial response; no non-target lesion in this line; no new lesion','Eisenhauer 2009, Table 1','[["target", "PR", "recist.target.pr"], ["nontarget", "NA", "recist.nontarget.na"], ["new_lesion", "no", "recist.new.none"], ["overall", "PR", "recist.overall.pr"]]','','','',16,2);
INSERT INTO "assessments" VALUES('P02',1,'','recist-1.1','2000-05-01','','2000-05-01','PR','NA','no','PR','PR','partial','partial','31.0',1,'60.0','42.0','-48.33333333333333333333333333','-26.19047619047619047619047619','-11.0','31.0','recist.overall.pr','sum 31 mm is -48.3 % from the baseline 60 mm: partial response; no non-target lesion in this line; no new lesion','Eisenhauer 2009, Table 1','[["target", "PR", "recist.target.pr"], ["nontarget", "NA", "recist.nontarget.na"], ["new_lesion", "no", "recist.new.none"], ["overall", "PR", "recist.overall.pr"]]','','','',16,2);
CREATE TABLE changes (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    at_utc TEXT NOT NULL CHECK (at_utc IS strftime('%Y-%m-%dT%H:%M:%SZ', at_utc)),
    utc_offset TEXT NOT NULL,
    who TEXT NOT NULL DEFAULT '',
    command TEXT NOT NULL CHECK (command <> ''),
    reason TEXT NOT NULL DEFAULT '',
    tool_version TEXT NOT NULL,
    rules TEXT NOT NULL,
    file_name TEXT NOT NULL DEFAULT '',
    file_sha256 TEXT NOT NULL DEFAULT '',
    digest TEXT NOT NULL DEFAULT '',
    undoes INTEGER REFERENCES changes (number),
    previous_hash TEXT NOT NULL DEFAULT '',
    hash TEXT CHECK (length(hash) = 64)
) STRICT;
INSERT INTO "changes" VALUES(1,'2026-11-22T22:24:45Z','+00:00','tester','patient add','','0.1.0','{"blood-all": 2, "blood-aml-eln-2022": 2, "blood-cll-iwcll-2018": 2, "blood-cml-eln-2020": 2, "irecist": 2, "lugano-2014": 2, "markers": 2, "mrecist-hcc": 2, "myeloma-imwg-2016": 2, "rano-2.0": 2, "recist-1.1": 2}','','','1b242beeb857ba5fb9e7da93406bae042b659d5c85ea0913c1a6759dc0906fbf',NULL,'','5cdae8d7598dfec06005612c7a3291bdecec153adbf0b9459d061f65755ef21d');
INSERT INTO "changes" VALUES(2,'2026-11-22T22:24:45Z','+00:00','tester','add','','0.1.0','{"blood-all": 2, "blood-aml-eln-2022": 2, "blood-cll-iwcll-2018": 2, "blood-cml-eln-2020": 2, "irecist": 2, "lugano-2014": 2, "markers": 2, "mrecist-hcc": 2, "myeloma-imwg-2016": 2, "rano-2.0": 2, "recist-1.1": 2}','','','75de28cda076d1a7369d164d55d1c8b41df1aa5a6634c89620edd505265e0933',NULL,'5cdae8d7598dfec06005612c7a3291bdecec153adbf0b9459d061f65755ef21d','871fd1f30780bb21f03312724d492f2a40303494f0e7c05e15d7696509df8036');
INSERT INTO "changes" VALUES(3,'2026-11-22T22:24:45Z','+00:00','tester','add','','0.1.0','{"blood-all": 2, "blood-aml-eln-2022": 2, "blood-cll-iwcll-2018": 2, "blood-cml-eln-2020": 2, "irecist": 2, "lugano-2014": 2, "markers": 2, "mrecist-hcc": 2, "myeloma-imwg-2016": 2, "rano-2.0": 2, "recist-1.1": 2}','','','76bdc6d09b81288938d713fc5a4a5935d8f771e9da08da44aa5f0b316917db6e',NULL,'871fd1f30780bb21f03312724d492f2a40303494f0e7c05e15d7696509df8036','6d1254cca93b018a7eb709575981f9cc70568eb0183cbe928678e4eec409d2ef');
INSERT INTO "changes" VALUES(4,'2026-11-22T22:24:45Z','+00:00','tester','add','','0.1.0','{"blood-all": 2, "blood-aml-eln-2022": 2, "blood-cll-iwcll-2018": 2, "blood-cml-eln-2020": 2, "irecist": 2, "lugano-2014": 2, "markers": 2, "mrecist-hcc": 2, "myeloma-imwg-2016": 2, "rano-2.0": 2, "recist-1.1": 2}','','','c22751dc2344b2136be369028184804d8ceabaead96a05cd6132fb2166bd3d82',NULL,'6d1254cca93b018a7eb709575981f9cc70568eb0183cbe928678e4eec409d2ef','9974546bcf7ed3a48bcf39b03cd32b7b85dfbafdf746112c85f5cc910e80994a');
INSERT INTO "changes" VALUES(5,'2026-11-22T22:24:45Z','+00:00','tester','patient add','','0.1.0','{"blood-all": 2, "blood-aml-eln-2022": 2, "blood-cll-iwcll-2018": 2, "blood-cml-eln-2020": 2, "irecist": 2, "lugano-2014": 2, "markers": 2, "mrecist-hcc": 2, "myeloma-imwg-2016": 2, "rano-2.0": 2, "recist-1.1": 2}','','','08f3c9ad20824277f7312c82669ead6d7908fe94ad07047e7284eb6620a945ff',NULL,'9974546bcf7ed3a48bcf39b03cd32b7b85dfbafdf746112c85f5cc910e80994a','9ca841054769151b7cd798ac36cdd04c24c6713cc9f2b37aa6efe4dc8b77fc73');
INSERT INTO "changes" VALUES(6,'2026-11-22T22:24:45Z','+00:00','tester','add','','0.1.0','{"blood-all": 2, "blood-aml-eln-2022": 2, "blood-cll-iwcll-2018": 2, "blood-cml-eln-2020": 2, "irecist": 2, "lugano-2014": 2, "markers": 2, "mrecist-hcc": 2, "myeloma-imwg-2016": 2, "rano-2.0": 2, "recist-1.1": 2}','','','9154281b9108976cc3635faae0a1304822b95d54a9bd6e0757c2d72975f4394d',NULL,'9ca841054769151b7cd798ac36cdd04c24c6713cc9f2b37aa6efe4dc8b77fc73','db5e6363336fee96156c2344b45ee60911a3f399b9ba6ef549899be4378a5830');
INSERT INTO "changes" VALUES(7,'2026-11-22T22:24:45Z','+00:00','tester','add','','0.1.0','{"blood-all": 2, "blood-aml-eln-2022": 2, "blood-cll-iwcll-2018": 2, "blood-cml-eln-2020": 2, "irecist": 2, "lugano-2014": 2, "markers": 2, "mrecist-hcc": 2, "myeloma-imwg-2016": 2, "rano-2.0": 2, "recist-1.1": 2}','','','f441b2817d8a47ead687a982984ed59d730642206cb55934fdde73391c642938',NULL,'db5e6363336fee96156c2344b45ee60911a3f399b9ba6ef549899be4378a5830','7db7e0feed0c663c6e789dab6fd16c65f3c785d0c527ef45449c171367bae183');
INSERT INTO "changes" VALUES(8,'2026-11-22T22:24:46Z','+00:00','tester','add','','0.1.0','{"blood-all": 2, "blood-aml-eln-2022": 2, "blood-cll-iwcll-2018": 2, "blood-cml-eln-2020": 2, "irecist": 2, "lugano-2014": 2, "markers": 2, "mrecist-hcc": 2, "myeloma-imwg-2016": 2, "rano-2.0": 2, "recist-1.1": 2}','','','3aae19172e0e013f665648de396367d2ccf878d439b90de85007cc503c327254',NULL,'7db7e0feed0c663c6e789dab6fd16c65f3c785d0c527ef45449c171367bae183','641d669523cb380cef70bcd2f592d0db09bcaedd177a79ec0c34e839367d0535');
INSERT INTO "changes" VALUES(9,'2026-11-22T22:24:46Z','+00:00','tester','patient add','','0.1.0','{"blood-all": 2, "blood-aml-eln-2022": 2, "blood-cll-iwcll-2018": 2, "blood-cml-eln-2020": 2, "irecist": 2, "lugano-2014": 2, "markers": 2, "mrecist-hcc": 2, "myeloma-imwg-2016": 2, "rano-2.0": 2, "recist-1.1": 2}','','','d1c4e612f0240683a90f3387edf10e0aeff21d04fcceda65c1a7fc5c65f75cd5',NULL,'641d669523cb380cef70bcd2f592d0db09bcaedd177a79ec0c34e839367d0535','fe93ac2ee7febb38680757b4d61f69a6db84bb2d591ca4fc9dafbc173982e617');
INSERT INTO "changes" VALUES(10,'2026-11-22T22:24:46Z','+00:00','tester','add','','0.1.0','{"blood-all": 2, "blood-aml-eln-2022": 2, "blood-cll-iwcll-2018": 2, "blood-cml-eln-2020": 2, "irecist": 2, "lugano-2014": 2, "markers": 2, "mrecist-hcc": 2, "myeloma-imwg-2016": 2, "rano-2.0": 2, "recist-1.1": 2}','','','c862933705a294b07951836b3c89e0d5dfee124ec747830b7863195140f407ae',NULL,'fe93ac2ee7febb38680757b4d61f69a6db84bb2d591ca4fc9dafbc173982e617','181eddf7063933c99338afdf5ce1443541ad38b52e14c6c9f492ec4882d71f6f');
INSERT INTO "changes" VALUES(11,'2026-11-22T22:24:46Z','+00:00','tester','add','','0.1.0','{"blood-all": 2, "blood-aml-eln-2022": 2, "blood-cll-iwcll-2018": 2, "blood-cml-eln-2020": 2, "irecist": 2, "lugano-2014": 2, "markers": 2, "mrecist-hcc": 2, "myeloma-imwg-2016": 2, "rano-2.0": 2, "recist-1.1": 2}','','','c0c59bd09c210b5c9b7fae8c626aae87afd74b40dea00eece073586cd07a9b77',NULL,'181eddf7063933c99338afdf5ce1443541ad38b52e14c6c9f492ec4882d71f6f','26b95b9f0e8945769fd82d3af3339ba095032d904cd496c2997b5a56479ca1f7');
INSERT INTO "changes" VALUES(12,'2026-11-22T22:24:46Z','+00:00','tester','add','','0.1.0','{"blood-all": 2, "blood-aml-eln-2022": 2, "blood-cll-iwcll-2018": 2, "blood-cml-eln-2020": 2, "irecist": 2, "lugano-2014": 2, "markers": 2, "mrecist-hcc": 2, "myeloma-imwg-2016": 2, "rano-2.0": 2, "recist-1.1": 2}','','','775cd35ca2def235e60a5a2d9357176042debe8522c59f26f73d86a07b4e86ce',NULL,'26b95b9f0e8945769fd82d3af3339ba095032d904cd496c2997b5a56479ca1f7','43770170fa7829ae26e6e002c47176cdf5e6053c865df2ad00445469912d3fbb');
INSERT INTO "changes" VALUES(13,'2026-11-22T22:24:46Z','+00:00','tester','edit','typing error','0.1.0','{"blood-all": 2, "blood-aml-eln-2022": 2, "blood-cll-iwcll-2018": 2, "blood-cml-eln-2020": 2, "irecist": 2, "lugano-2014": 2, "markers": 2, "mrecist-hcc": 2, "myeloma-imwg-2016": 2, "rano-2.0": 2, "recist-1.1": 2}','','','a2b8106431301108ec09a0b0c08811c0f721f70fa92fbf4239f5f3a033768656',NULL,'43770170fa7829ae26e6e002c47176cdf5e6053c865df2ad00445469912d3fbb','1fc051fe65b6611698d7356411f7983341bc0213a2c3d596f886669185c828ab');
INSERT INTO "changes" VALUES(14,'2026-11-22T22:24:46Z','+00:00','tester','event','','0.1.0','{"blood-all": 2, "blood-aml-eln-2022": 2, "blood-cll-iwcll-2018": 2, "blood-cml-eln-2020": 2, "irecist": 2, "lugano-2014": 2, "markers": 2, "mrecist-hcc": 2, "myeloma-imwg-2016": 2, "rano-2.0": 2, "recist-1.1": 2}','','','6076dd413daf9c222e15127c22ddf3d3a8c683dfa49b6506c0d44c109eb8bdd6',NULL,'1fc051fe65b6611698d7356411f7983341bc0213a2c3d596f886669185c828ab','474b39376fff3ff3a11f777ce74b77cf74ae4af1588a2b870f3a70d9056dcf1f');
INSERT INTO "changes" VALUES(15,'2026-11-22T22:24:46Z','+00:00','tester','add','','0.1.0','{"blood-all": 2, "blood-aml-eln-2022": 2, "blood-cll-iwcll-2018": 2, "blood-cml-eln-2020": 2, "irecist": 2, "lugano-2014": 2, "markers": 2, "mrecist-hcc": 2, "myeloma-imwg-2016": 2, "rano-2.0": 2, "recist-1.1": 2}','','','5a44e4178f45c6efcf630e115e21ce93919952091285eea6a00434ba98b5c5f0',NULL,'474b39376fff3ff3a11f777ce74b77cf74ae4af1588a2b870f3a70d9056dcf1f','d5a6c389ba0b9096b529795cf9ff9f827def87324271ebc85b4d11f660251227');
INSERT INTO "changes" VALUES(16,'2026-11-22T22:24:46Z','+00:00','tester','undo','','0.1.0','{"blood-all": 2, "blood-aml-eln-2022": 2, "blood-cll-iwcll-2018": 2, "blood-cml-eln-2020": 2, "irecist": 2, "lugano-2014": 2, "markers": 2, "mrecist-hcc": 2, "myeloma-imwg-2016": 2, "rano-2.0": 2, "recist-1.1": 2}','','','89c15b0bba15fef6d0a765e4da9a858d464c1789a46d6202faeb535a25c40342',15,'d5a6c389ba0b9096b529795cf9ff9f827def87324271ebc85b4d11f660251227','1d26c62671c43db7c740b22d0b1d8dcfbb66d60aeed0d7dd76bd1c4915889945');
CREATE TABLE courses (patient_id TEXT NOT NULL, line INTEGER NOT NULL, reader TEXT NOT NULL, criteria TEXT NOT NULL, position INTEGER NOT NULL, settings TEXT NOT NULL,
        baseline_on TEXT, baseline_value TEXT, nadir_on TEXT,
        best_response TEXT NOT NULL, best_response_unconfirmed TEXT NOT NULL,
        response_start TEXT, confirmed_on TEXT, progression_on TEXT,
        dor_days INTEGER, dor_censored INTEGER, pfs_days INTEGER, pfs_censored INTEGER,
        current TEXT NOT NULL, current_on TEXT, thresholds TEXT NOT NULL, extra TEXT NOT NULL, facts_change INTEGER NOT NULL, revision INTEGER NOT NULL, FOREIGN KEY (patient_id) REFERENCES patients (patient_id) ON UPDATE CASCADE ON DELETE CASCADE,
        PRIMARY KEY (patient_id, line, reader, criteria)) STRICT;
INSERT INTO "courses" VALUES('P00',1,'','recist-1.1',0,'','2000-01-03','60.0','2000-05-01','PR','PR','2000-03-06','2000-05-01',NULL,56,1,119,1,'PR','2000-05-01','[["partial_to_mm", {"$decimal": "42.0"}], ["progression_from_mm", {"$decimal": "34.8"}], ["nadir_mm", {"$decimal": "29.0"}]]','{"visits": 3, "complete_codes": ["CR"], "milestones": "3/5/10", "since": "2000-03-06", "time_to_response_days": 63, "labels": {"PR": ["partial response", "clearly smaller"]}}',4,2);
INSERT INTO "courses" VALUES('P01',1,'','recist-1.1',0,'','2000-01-03','60.0','2000-05-01','PR','PR','2000-03-06','2000-05-01',NULL,56,1,119,1,'PR','2000-05-01','[["partial_to_mm", {"$decimal": "42.0"}], ["progression_from_mm", {"$decimal": "36.0"}], ["nadir_mm", {"$decimal": "30.0"}]]','{"visits": 3, "complete_codes": ["CR"], "milestones": "3/5/10", "since": "2000-03-06", "time_to_response_days": 63, "labels": {"PR": ["partial response", "clearly smaller"]}}',13,2);
INSERT INTO "courses" VALUES('P02',1,'','recist-1.1',0,'','2000-01-03','60.0','2000-05-01','PR','PR','2000-03-06','2000-05-01',NULL,56,1,119,1,'PR','2000-05-01','[["partial_to_mm", {"$decimal": "42.0"}], ["progression_from_mm", {"$decimal": "37.2"}], ["nadir_mm", {"$decimal": "31.0"}]]','{"visits": 3, "complete_codes": ["CR"], "milestones": "3/5/10", "since": "2000-03-06", "time_to_response_days": 63, "labels": {"PR": ["partial response", "clearly smaller"]}}',16,2);
CREATE TABLE episodes (patient_id TEXT NOT NULL, line INTEGER NOT NULL, reader TEXT NOT NULL, criteria TEXT NOT NULL, position INTEGER NOT NULL, word TEXT NOT NULL, category TEXT NOT NULL,
        kind TEXT NOT NULL, began_on TEXT NOT NULL, confirmed_on TEXT, last_seen_on TEXT NOT NULL,
        ended_on TEXT, ended_by TEXT NOT NULL, days INTEGER NOT NULL, lasted_month TEXT NOT NULL,
        lasted_on TEXT, settles_on TEXT, levels TEXT NOT NULL, facts_change INTEGER NOT NULL, revision INTEGER NOT NULL, FOREIGN KEY (patient_id) REFERENCES patients (patient_id) ON UPDATE CASCADE ON DELETE CASCADE,
        PRIMARY KEY (patient_id, line, reader, criteria, position)) STRICT;
INSERT INTO "episodes" VALUES('P00',1,'','recist-1.1',0,'response','PR','partial','2000-03-06','2000-05-01','2000-05-01',NULL,'',56,'yes','2000-05-01',NULL,'[["PR", {"$date": "2000-03-06"}]]',4,2);
INSERT INTO "episodes" VALUES('P01',1,'','recist-1.1',0,'response','PR','partial','2000-03-06','2000-05-01','2000-05-01',NULL,'',56,'yes','2000-05-01',NULL,'[["PR", {"$date": "2000-03-06"}]]',13,2);
INSERT INTO "episodes" VALUES('P02',1,'','recist-1.1',0,'response','PR','partial','2000-03-06','2000-05-01','2000-05-01',NULL,'',56,'yes','2000-05-01',NULL,'[["PR", {"$date": "2000-03-06"}]]',16,2);
CREATE TABLE events (event_key INTEGER PRIMARY KEY AUTOINCREMENT, patient_id TEXT NOT NULL CONSTRAINT "patient_id is not empty" CHECK (patient_id <> ''), line INTEGER NOT NULL CONSTRAINT "line is 1 or more" CHECK (line >= 1), event_on TEXT NOT NULL CONSTRAINT "event_on is a day, YYYY-MM-DD" CHECK (event_on BETWEEN '0001-01-01' AND '9999-12-31' AND event_on IS date(event_on, '+0 days')), event TEXT NOT NULL CONSTRAINT "event is not empty" CHECK (event <> ''), detail TEXT NOT NULL DEFAULT '', changed_by INTEGER NOT NULL REFERENCES changes (number), FOREIGN KEY (patient_id, line) REFERENCES lines (patient_id, line)) STRICT;
INSERT INTO "events" VALUES(1,'P02',1,'2000-05-08','local_therapy','',14);
CREATE TABLE events_history (event_key INTEGER, patient_id TEXT, line INTEGER, event_on TEXT, event TEXT, detail TEXT, changed_by INTEGER NOT NULL, replaced_by INTEGER CONSTRAINT "this record is changed with remtrack only" CHECK (replaced_by IS NOT NULL), PRIMARY KEY (event_key, changed_by)) STRICT, WITHOUT ROWID;
CREATE TABLE lesions (lesion_key INTEGER PRIMARY KEY AUTOINCREMENT, patient_id TEXT NOT NULL CONSTRAINT "patient_id is not empty" CHECK (patient_id <> ''), lesion_id TEXT NOT NULL CONSTRAINT "lesion_id is not empty" CHECK (lesion_id <> ''), kind TEXT NOT NULL CONSTRAINT "kind is one of nonnodal, node, marker, CE, nCE" CHECK (kind = 'nonnodal' OR kind = 'node' OR kind = 'marker' OR kind = 'CE' OR kind = 'nCE'), organ TEXT NOT NULL DEFAULT '', site TEXT NOT NULL DEFAULT '', closed_on TEXT CONSTRAINT "closed_on is a day, YYYY-MM-DD" CHECK (closed_on BETWEEN '0001-01-01' AND '9999-12-31' AND closed_on IS date(closed_on, '+0 days')), changed_by INTEGER NOT NULL REFERENCES changes (number), UNIQUE (patient_id, lesion_id), FOREIGN KEY (patient_id) REFERENCES patients (patient_id)) STRICT;
INSERT INTO "lesions" VALUES(1,'P00','L1','nonnodal','liver','',NULL,2);
INSERT INTO "lesions" VALUES(2,'P00','G1','node','lymph node','axilla',NULL,2);
INSERT INTO "lesions" VALUES(3,'P01','L1','nonnodal','liver','',NULL,6);
INSERT INTO "lesions" VALUES(4,'P01','G1','node','lymph node','axilla',NULL,6);
INSERT INTO "lesions" VALUES(5,'P02','L1','nonnodal','liver','',NULL,10);
INSERT INTO "lesions" VALUES(6,'P02','G1','node','lymph node','axilla',NULL,10);
CREATE TABLE lesions_history (lesion_key INTEGER, patient_id TEXT, lesion_id TEXT, kind TEXT, organ TEXT, site TEXT, closed_on TEXT, changed_by INTEGER NOT NULL, replaced_by INTEGER CONSTRAINT "this record is changed with remtrack only" CHECK (replaced_by IS NOT NULL), PRIMARY KEY (lesion_key, changed_by)) STRICT, WITHOUT ROWID;
CREATE TABLE line_criteria (patient_id TEXT NOT NULL CONSTRAINT "patient_id is not empty" CHECK (patient_id <> ''), line INTEGER NOT NULL CONSTRAINT "line is 1 or more" CHECK (line >= 1), criteria TEXT NOT NULL CONSTRAINT "criteria is not empty" CHECK (criteria <> ''), position INTEGER NOT NULL DEFAULT 0 CHECK (position >= 0), settings TEXT NOT NULL DEFAULT '{}' CHECK (settings LIKE '{%}'), changed_by INTEGER NOT NULL REFERENCES changes (number), PRIMARY KEY (patient_id, line, criteria), FOREIGN KEY (patient_id, line) REFERENCES lines (patient_id, line)) STRICT, WITHOUT ROWID;
INSERT INTO "line_criteria" VALUES('P00',1,'recist-1.1',0,'{}',1);
INSERT INTO "line_criteria" VALUES('P01',1,'recist-1.1',0,'{}',5);
INSERT INTO "line_criteria" VALUES('P02',1,'recist-1.1',0,'{}',9);
CREATE TABLE line_criteria_history (patient_id TEXT, line INTEGER, criteria TEXT, position INTEGER, settings TEXT, changed_by INTEGER NOT NULL, replaced_by INTEGER CONSTRAINT "this record is changed with remtrack only" CHECK (replaced_by IS NOT NULL), PRIMARY KEY (patient_id, line, criteria, changed_by)) STRICT, WITHOUT ROWID;
CREATE TABLE line_lesions (patient_id TEXT NOT NULL CONSTRAINT "patient_id is not empty" CHECK (patient_id <> ''), line INTEGER NOT NULL CONSTRAINT "line is 1 or more" CHECK (line >= 1), lesion_key INTEGER NOT NULL, reader TEXT NOT NULL DEFAULT '', role TEXT NOT NULL CONSTRAINT "role is one of target, nontarget, new" CHECK (role = 'target' OR role = 'nontarget' OR role = 'new'), changed_by INTEGER NOT NULL REFERENCES changes (number), PRIMARY KEY (patient_id, line, lesion_key, reader), FOREIGN KEY (patient_id, line) REFERENCES lines (patient_id, line), FOREIGN KEY (lesion_key) REFERENCES lesions (lesion_key)) STRICT, WITHOUT ROWID;
INSERT INTO "line_lesions" VALUES('P00',1,1,'','target',2);
INSERT INTO "line_lesions" VALUES('P00',1,2,'','target',2);
INSERT INTO "line_lesions" VALUES('P01',1,3,'','target',6);
INSERT INTO "line_lesions" VALUES('P01',1,4,'','target',6);
INSERT INTO "line_lesions" VALUES('P02',1,5,'','target',10);
INSERT INTO "line_lesions" VALUES('P02',1,6,'','target',10);
CREATE TABLE line_lesions_history (patient_id TEXT, line INTEGER, lesion_key INTEGER, reader TEXT, role TEXT, changed_by INTEGER NOT NULL, replaced_by INTEGER CONSTRAINT "this record is changed with remtrack only" CHECK (replaced_by IS NOT NULL), PRIMARY KEY (patient_id, line, lesion_key, reader, changed_by)) STRICT, WITHOUT ROWID;
CREATE TABLE lines (patient_id TEXT NOT NULL CONSTRAINT "patient_id is not empty" CHECK (patient_id <> ''), line INTEGER NOT NULL CONSTRAINT "line is 1 or more" CHECK (line >= 1), regimen TEXT NOT NULL DEFAULT '', started_on TEXT CONSTRAINT "started_on is a day, YYYY-MM-DD" CHECK (started_on BETWEEN '0001-01-01' AND '9999-12-31' AND started_on IS date(started_on, '+0 days')), stopped_on TEXT CONSTRAINT "stopped_on is a day, YYYY-MM-DD" CHECK (stopped_on BETWEEN '0001-01-01' AND '9999-12-31' AND stopped_on IS date(stopped_on, '+0 days')), baseline_on TEXT CONSTRAINT "baseline_on is a day, YYYY-MM-DD" CHECK (baseline_on BETWEEN '0001-01-01' AND '9999-12-31' AND baseline_on IS date(baseline_on, '+0 days')), changed_by INTEGER NOT NULL REFERENCES changes (number), PRIMARY KEY (patient_id, line), FOREIGN KEY (patient_id) REFERENCES patients (patient_id)) STRICT, WITHOUT ROWID;
INSERT INTO "lines" VALUES('P00',1,'',NULL,NULL,NULL,1);
INSERT INTO "lines" VALUES('P01',1,'',NULL,NULL,NULL,5);
INSERT INTO "lines" VALUES('P02',1,'',NULL,NULL,NULL,9);
CREATE TABLE lines_history (patient_id TEXT, line INTEGER, regimen TEXT, started_on TEXT, stopped_on TEXT, baseline_on TEXT, changed_by INTEGER NOT NULL, replaced_by INTEGER CONSTRAINT "this record is changed with remtrack only" CHECK (replaced_by IS NOT NULL), PRIMARY KEY (patient_id, line, changed_by)) STRICT, WITHOUT ROWID;
CREATE TABLE measurements (visit_key INTEGER NOT NULL, lesion_key INTEGER NOT NULL, longest_mm REAL CONSTRAINT "longest_mm is from 0 to under 1000" CHECK (longest_mm >= 0 AND longest_mm < 1000), short_mm REAL CONSTRAINT "short_mm is from 0 to under 1000" CHECK (short_mm >= 0 AND short_mm < 1000), state TEXT NOT NULL CONSTRAINT "state is one of measured, absent, too_small, not_assessed, treated_locally, fragment_of, merged_into, present, increased, unequivocal_pd, equivocal, unequivocal, disproved" CHECK (state = 'measured' OR state = 'absent' OR state = 'too_small' OR state = 'not_assessed' OR state = 'treated_locally' OR state = 'fragment_of' OR state = 'merged_into' OR state = 'present' OR state = 'increased' OR state = 'unequivocal_pd' OR state = 'equivocal' OR state = 'unequivocal' OR state = 'disproved'), other_key INTEGER, method TEXT NOT NULL DEFAULT '', reason TEXT NOT NULL DEFAULT '', note TEXT NOT NULL DEFAULT '', measured_on TEXT CONSTRAINT "measured_on is a day, YYYY-MM-DD" CHECK (measured_on BETWEEN '0001-01-01' AND '9999-12-31' AND measured_on IS date(measured_on, '+0 days')), changed_by INTEGER NOT NULL REFERENCES changes (number), PRIMARY KEY (visit_key, lesion_key), CONSTRAINT "fragment_of and merged_into name another lesion, no other state does" CHECK ((state = 'fragment_of' OR state = 'merged_into') = (other_key IS NOT NULL)), CONSTRAINT "the other lesion is another one" CHECK (other_key <> lesion_key), CONSTRAINT "what is measured has a size" CHECK (state <> 'measured' OR longest_mm IS NOT NULL OR short_mm IS NOT NULL), FOREIGN KEY (visit_key) REFERENCES visits (visit_key), FOREIGN KEY (lesion_key) REFERENCES lesions (lesion_key), FOREIGN KEY (other_key) REFERENCES lesions (lesion_key)) STRICT, WITHOUT ROWID;
INSERT INTO "measurements" VALUES(1,1,42.0,NULL,'measured',NULL,'','','',NULL,2);
INSERT INTO "measurements" VALUES(1,2,NULL,18.0,'measured',NULL,'','','',NULL,2);
INSERT INTO "measurements" VALUES(2,1,28.0,NULL,'measured',NULL,'','','',NULL,3);
INSERT INTO "measurements" VALUES(2,2,NULL,12.0,'measured',NULL,'','','',NULL,3);
INSERT INTO "measurements" VALUES(3,1,20.0,NULL,'measured',NULL,'','','',NULL,4);
INSERT INTO "measurements" VALUES(3,2,NULL,9.0,'measured',NULL,'','','',NULL,4);
INSERT INTO "measurements" VALUES(4,3,42.0,NULL,'measured',NULL,'','','',NULL,6);
INSERT INTO "measurements" VALUES(4,4,NULL,18.0,'measured',NULL,'','','',NULL,6);
INSERT INTO "measurements" VALUES(5,3,27.0,NULL,'measured',NULL,'','','',NULL,13);
INSERT INTO "measurements" VALUES(5,4,NULL,12.0,'measured',NULL,'','','',NULL,7);
INSERT INTO "measurements" VALUES(6,3,21.0,NULL,'measured',NULL,'','','',NULL,8);
INSERT INTO "measurements" VALUES(6,4,NULL,9.0,'measured',NULL,'','','',NULL,8);
INSERT INTO "measurements" VALUES(7,5,42.0,NULL,'measured',NULL,'','','',NULL,10);
INSERT INTO "measurements" VALUES(7,6,NULL,18.0,'measured',NULL,'','','',NULL,10);
INSERT INTO "measurements" VALUES(8,5,30.0,NULL,'measured',NULL,'','','',NULL,11);
INSERT INTO "measurements" VALUES(8,6,NULL,12.0,'measured',NULL,'','','',NULL,11);
INSERT INTO "measurements" VALUES(9,5,22.0,NULL,'measured',NULL,'','','',NULL,12);
INSERT INTO "measurements" VALUES(9,6,NULL,9.0,'measured',NULL,'','','',NULL,12);
CREATE TABLE measurements_history (visit_key INTEGER, lesion_key INTEGER, longest_mm REAL, short_mm REAL, state TEXT, other_key INTEGER, method TEXT, reason TEXT, note TEXT, measured_on TEXT, changed_by INTEGER NOT NULL, replaced_by INTEGER CONSTRAINT "this record is changed with remtrack only" CHECK (replaced_by IS NOT NULL), PRIMARY KEY (visit_key, lesion_key, changed_by)) STRICT, WITHOUT ROWID;
INSERT INTO "measurements_history" VALUES(5,3,29.0,NULL,'measured',NULL,'','','',NULL,7,13);
INSERT INTO "measurements_history" VALUES(10,5,NULL,NULL,'absent',NULL,'','','',NULL,15,16);
INSERT INTO "measurements_history" VALUES(10,6,NULL,8.0,'measured',NULL,'','','',NULL,15,16);
CREATE TABLE patients (patient_id TEXT NOT NULL CONSTRAINT "patient_id is not empty" CHECK (patient_id <> ''), disease TEXT NOT NULL DEFAULT '', note TEXT NOT NULL DEFAULT '', last_change INTEGER NOT NULL, changed_by INTEGER NOT NULL REFERENCES changes (number), PRIMARY KEY (patient_id)) STRICT, WITHOUT ROWID;
INSERT INTO "patients" VALUES('P00','','',4,1);
INSERT INTO "patients" VALUES('P01','','',13,5);
INSERT INTO "patients" VALUES('P02','','',16,9);
CREATE TABLE patients_history (patient_id TEXT, disease TEXT, note TEXT, changed_by INTEGER NOT NULL, replaced_by INTEGER CONSTRAINT "this record is changed with remtrack only" CHECK (replaced_by IS NOT NULL), PRIMARY KEY (patient_id, changed_by)) STRICT, WITHOUT ROWID;
CREATE TABLE results (visit_key INTEGER NOT NULL, test TEXT NOT NULL CONSTRAINT "test is not empty" CHECK (test <> ''), sampled_on TEXT NOT NULL CONSTRAINT "sampled_on is a day, YYYY-MM-DD" CHECK (sampled_on BETWEEN '0001-01-01' AND '9999-12-31' AND sampled_on IS date(sampled_on, '+0 days')), value REAL CONSTRAINT "value is a number" CHECK (abs(value) < 1e300), text TEXT NOT NULL DEFAULT '', unit TEXT NOT NULL DEFAULT '', upper_limit REAL CONSTRAINT "upper_limit is 0 or more" CHECK (upper_limit >= 0 AND upper_limit < 1e300), note TEXT NOT NULL DEFAULT '', changed_by INTEGER NOT NULL REFERENCES changes (number), PRIMARY KEY (visit_key, test, sampled_on), CONSTRAINT "a result has a value or a text" CHECK (value IS NOT NULL OR text <> ''), FOREIGN KEY (visit_key) REFERENCES visits (visit_key)) STRICT, WITHOUT ROWID;
CREATE TABLE results_history (visit_key INTEGER, test TEXT, sampled_on TEXT, value REAL, text TEXT, unit TEXT, upper_limit REAL, note TEXT, changed_by INTEGER NOT NULL, replaced_by INTEGER CONSTRAINT "this record is changed with remtrack only" CHECK (replaced_by IS NOT NULL), PRIMARY KEY (visit_key, test, sampled_on, changed_by)) STRICT, WITHOUT ROWID;
CREATE TABLE visits (visit_key INTEGER PRIMARY KEY AUTOINCREMENT, patient_id TEXT NOT NULL CONSTRAINT "patient_id is not empty" CHECK (patient_id <> ''), line INTEGER NOT NULL CONSTRAINT "line is 1 or more" CHECK (line >= 1), visit_on TEXT NOT NULL CONSTRAINT "visit_on is a day, YYYY-MM-DD" CHECK (visit_on BETWEEN '0001-01-01' AND '9999-12-31' AND visit_on IS date(visit_on, '+0 days')), reader TEXT NOT NULL DEFAULT '', label TEXT NOT NULL DEFAULT '', method TEXT NOT NULL DEFAULT '', note TEXT NOT NULL DEFAULT '', changed_by INTEGER NOT NULL REFERENCES changes (number), UNIQUE (patient_id, visit_on, reader), FOREIGN KEY (patient_id, line) REFERENCES lines (patient_id, line)) STRICT;
INSERT INTO "visits" VALUES(1,'P00',1,'2000-01-03','','','','',2);
INSERT INTO "visits" VALUES(2,'P00',1,'2000-03-06','','','','',3);
INSERT INTO "visits" VALUES(3,'P00',1,'2000-05-01','','','','',4);
INSERT INTO "visits" VALUES(4,'P01',1,'2000-01-03','','','','',6);
INSERT INTO "visits" VALUES(5,'P01',1,'2000-03-06','','','','',7);
INSERT INTO "visits" VALUES(6,'P01',1,'2000-05-01','','','','',8);
INSERT INTO "visits" VALUES(7,'P02',1,'2000-01-03','','','','',10);
INSERT INTO "visits" VALUES(8,'P02',1,'2000-03-06','','','','',11);
INSERT INTO "visits" VALUES(9,'P02',1,'2000-05-01','','','','',12);
CREATE TABLE visits_history (visit_key INTEGER, patient_id TEXT, line INTEGER, visit_on TEXT, reader TEXT, label TEXT, method TEXT, note TEXT, changed_by INTEGER NOT NULL, replaced_by INTEGER CONSTRAINT "this record is changed with remtrack only" CHECK (replaced_by IS NOT NULL), PRIMARY KEY (visit_key, changed_by)) STRICT, WITHOUT ROWID;
INSERT INTO "visits_history" VALUES(10,'P02',1,'2000-06-05','','','','',15,16);
CREATE UNIQUE INDEX "idx__sqlite_migrations_migration_set_name"
    ON "_sqlite_migrations" ("migration_set", "name");
CREATE UNIQUE INDEX changes_one_open ON changes (hash IS NULL) WHERE hash IS NULL;
CREATE INDEX patients_by_change ON patients (changed_by);
CREATE INDEX patients_history_by_change ON patients_history (changed_by);
CREATE INDEX patients_history_by_replacement ON patients_history (replaced_by);
CREATE INDEX lines_by_change ON lines (changed_by);
CREATE INDEX lines_history_by_change ON lines_history (changed_by);
CREATE INDEX lines_history_by_replacement ON lines_history (replaced_by);
CREATE INDEX line_criteria_by_change ON line_criteria (changed_by);
CREATE INDEX line_criteria_history_by_change ON line_criteria_history (changed_by);
CREATE INDEX line_criteria_history_by_replacement ON line_criteria_history (replaced_by);
CREATE INDEX visits_by_change ON visits (changed_by);
CREATE INDEX visits_history_by_change ON visits_history (changed_by);
CREATE INDEX visits_history_by_replacement ON visits_history (replaced_by);
CREATE INDEX lesions_by_change ON lesions (changed_by);
CREATE INDEX lesions_history_by_change ON lesions_history (changed_by);
CREATE INDEX lesions_history_by_replacement ON lesions_history (replaced_by);
CREATE INDEX line_lesions_by_change ON line_lesions (changed_by);
CREATE INDEX line_lesions_history_by_change ON line_lesions_history (changed_by);
CREATE INDEX line_lesions_history_by_replacement ON line_lesions_history (replaced_by);
CREATE INDEX measurements_by_change ON measurements (changed_by);
CREATE INDEX measurements_history_by_change ON measurements_history (changed_by);
CREATE INDEX measurements_history_by_replacement ON measurements_history (replaced_by);
CREATE INDEX results_by_change ON results (changed_by);
CREATE INDEX results_history_by_change ON results_history (changed_by);
CREATE INDEX results_history_by_replacement ON results_history (replaced_by);
CREATE INDEX events_by_change ON events (changed_by);
CREATE INDEX events_history_by_change ON events_history (changed_by);
CREATE INDEX events_history_by_replacement ON events_history (replaced_by);
CREATE INDEX visits_by_line ON visits (patient_id, line);
CREATE INDEX events_by_line ON events (patient_id, line, event_on);
CREATE INDEX line_lesions_by_lesion ON line_lesions (lesion_key);
CREATE INDEX measurements_by_lesion ON measurements (lesion_key);
CREATE INDEX measurements_by_other ON measurements (other_key) WHERE other_key IS NOT NULL;
CREATE TRIGGER changes_stay BEFORE UPDATE ON changes WHEN OLD.hash IS NOT NULL OR NEW.number <> OLD.number BEGIN SELECT RAISE(ABORT, 'this record is changed with remtrack only'); END;
CREATE TRIGGER changes_are_kept BEFORE DELETE ON changes BEGIN SELECT RAISE(ABORT, 'this record is changed with remtrack only'); END;
CREATE TRIGGER patients_changed AFTER UPDATE OF patient_id, disease, note, changed_by ON patients BEGIN INSERT INTO patients_history (patient_id, disease, note, changed_by, replaced_by) SELECT OLD.patient_id, OLD.disease, OLD.note, OLD.changed_by, (SELECT number FROM changes WHERE hash IS NULL) WHERE OLD.changed_by IS NOT (SELECT number FROM changes WHERE hash IS NULL); END;
CREATE TRIGGER patients_removed AFTER DELETE ON patients BEGIN INSERT INTO patients_history (patient_id, disease, note, changed_by, replaced_by) SELECT OLD.patient_id, OLD.disease, OLD.note, OLD.changed_by, (SELECT number FROM changes WHERE hash IS NULL) WHERE OLD.changed_by IS NOT (SELECT number FROM changes WHERE hash IS NULL); END;
CREATE TRIGGER patients_marked AFTER UPDATE OF last_change ON patients WHEN (SELECT number FROM changes WHERE hash IS NULL) IS NULL BEGIN SELECT RAISE(ABORT, 'this record is changed with remtrack only'); END;
CREATE TRIGGER patients_history_stays BEFORE UPDATE ON patients_history BEGIN SELECT RAISE(ABORT, 'this record is changed with remtrack only'); END;
CREATE TRIGGER patients_history_is_kept BEFORE DELETE ON patients_history BEGIN SELECT RAISE(ABORT, 'this record is changed with remtrack only'); END;
CREATE TRIGGER lines_changed AFTER UPDATE OF patient_id, line, regimen, started_on, stopped_on, baseline_on, changed_by ON lines BEGIN INSERT INTO lines_history (patient_id, line, regimen, started_on, stopped_on, baseline_on, changed_by, replaced_by) SELECT OLD.patient_id, OLD.line, OLD.regimen, OLD.started_on, OLD.stopped_on, OLD.baseline_on, OLD.changed_by, (SELECT number FROM changes WHERE hash IS NULL) WHERE OLD.changed_by IS NOT (SELECT number FROM changes WHERE hash IS NULL); END;
CREATE TRIGGER lines_removed AFTER DELETE ON lines BEGIN INSERT INTO lines_history (patient_id, line, regimen, started_on, stopped_on, baseline_on, changed_by, replaced_by) SELECT OLD.patient_id, OLD.line, OLD.regimen, OLD.started_on, OLD.stopped_on, OLD.baseline_on, OLD.changed_by, (SELECT number FROM changes WHERE hash IS NULL) WHERE OLD.changed_by IS NOT (SELECT number FROM changes WHERE hash IS NULL); END;
CREATE TRIGGER lines_history_stays BEFORE UPDATE ON lines_history BEGIN SELECT RAISE(ABORT, 'this record is changed with remtrack only'); END;
CREATE TRIGGER lines_history_is_kept BEFORE DELETE ON lines_history BEGIN SELECT RAISE(ABORT, 'this record is changed with remtrack only'); END;
CREATE TRIGGER line_criteria_changed AFTER UPDATE OF patient_id, line, criteria, position, settings, changed_by ON line_criteria BEGIN INSERT INTO line_criteria_history (patient_id, line, criteria, position, settings, changed_by, replaced_by) SELECT OLD.patient_id, OLD.line, OLD.criteria, OLD.position, OLD.settings, OLD.changed_by, (SELECT number FROM changes WHERE hash IS NULL) WHERE OLD.changed_by IS NOT (SELECT number FROM changes WHERE hash IS NULL); END;
CREATE TRIGGER line_criteria_removed AFTER DELETE ON line_criteria BEGIN INSERT INTO line_criteria_history (patient_id, line, criteria, position, settings, changed_by, replaced_by) SELECT OLD.patient_id, OLD.line, OLD.criteria, OLD.position, OLD.settings, OLD.changed_by, (SELECT number FROM changes WHERE hash IS NULL) WHERE OLD.changed_by IS NOT (SELECT number FROM changes WHERE hash IS NULL); END;
CREATE TRIGGER line_criteria_history_stays BEFORE UPDATE ON line_criteria_history BEGIN SELECT RAISE(ABORT, 'this record is changed with remtrack only'); END;
CREATE TRIGGER line_criteria_history_is_kept BEFORE DELETE ON line_criteria_history BEGIN SELECT RAISE(ABORT, 'this record is changed with remtrack only'); END;
CREATE TRIGGER visits_changed AFTER UPDATE OF visit_key, patient_id, line, visit_on, reader, label, method, note, changed_by ON visits BEGIN INSERT INTO visits_history (visit_key, patient_id, line, visit_on, reader, label, method, note, changed_by, replaced_by) SELECT OLD.visit_key, OLD.patient_id, OLD.line, OLD.visit_on, OLD.reader, OLD.label, OLD.method, OLD.note, OLD.changed_by, (SELECT number FROM changes WHERE hash IS NULL) WHERE OLD.changed_by IS NOT (SELECT number FROM changes WHERE hash IS NULL); END;
CREATE TRIGGER visits_removed AFTER DELETE ON visits BEGIN INSERT INTO visits_history (visit_key, patient_id, line, visit_on, reader, label, method, note, changed_by, replaced_by) SELECT OLD.visit_key, OLD.patient_id, OLD.line, OLD.visit_on, OLD.reader, OLD.label, OLD.method, OLD.note, OLD.changed_by, (SELECT number FROM changes WHERE hash IS NULL) WHERE OLD.changed_by IS NOT (SELECT number FROM changes WHERE hash IS NULL); END;
CREATE TRIGGER visits_history_stays BEFORE UPDATE ON visits_history BEGIN SELECT RAISE(ABORT, 'this record is changed with remtrack only'); END;
CREATE TRIGGER visits_history_is_kept BEFORE DELETE ON visits_history BEGIN SELECT RAISE(ABORT, 'this record is changed with remtrack only'); END;
CREATE TRIGGER lesions_changed AFTER UPDATE OF lesion_key, patient_id, lesion_id, kind, organ, site, closed_on, changed_by ON lesions BEGIN INSERT INTO lesions_history (lesion_key, patient_id, lesion_id, kind, organ, site, closed_on, changed_by, replaced_by) SELECT OLD.lesion_key, OLD.patient_id, OLD.lesion_id, OLD.kind, OLD.organ, OLD.site, OLD.closed_on, OLD.changed_by, (SELECT number FROM changes WHERE hash IS NULL) WHERE OLD.changed_by IS NOT (SELECT number FROM changes WHERE hash IS NULL); END;
CREATE TRIGGER lesions_removed AFTER DELETE ON lesions BEGIN INSERT INTO lesions_history (lesion_key, patient_id, lesion_id, kind, organ, site, closed_on, changed_by, replaced_by) SELECT OLD.lesion_key, OLD.patient_id, OLD.lesion_id, OLD.kind, OLD.organ, OLD.site, OLD.closed_on, OLD.changed_by, (SELECT number FROM changes WHERE hash IS NULL) WHERE OLD.changed_by IS NOT (SELECT number FROM changes WHERE hash IS NULL); END;
CREATE TRIGGER lesions_history_stays BEFORE UPDATE ON lesions_history BEGIN SELECT RAISE(ABORT, 'this record is changed with remtrack only'); END;
CREATE TRIGGER lesions_history_is_kept BEFORE DELETE ON lesions_history BEGIN SELECT RAISE(ABORT, 'this record is changed with remtrack only'); END;
CREATE TRIGGER line_lesions_changed AFTER UPDATE OF patient_id, line, lesion_key, reader, role, changed_by ON line_lesions BEGIN INSERT INTO line_lesions_history (patient_id, line, lesion_key, reader, role, changed_by, replaced_by) SELECT OLD.patient_id, OLD.line, OLD.lesion_key, OLD.reader, OLD.role, OLD.changed_by, (SELECT number FROM changes WHERE hash IS NULL) WHERE OLD.changed_by IS NOT (SELECT number FROM changes WHERE hash IS NULL); END;
CREATE TRIGGER line_lesions_removed AFTER DELETE ON line_lesions BEGIN INSERT INTO line_lesions_history (patient_id, line, lesion_key, reader, role, changed_by, replaced_by) SELECT OLD.patient_id, OLD.line, OLD.lesion_key, OLD.reader, OLD.role, OLD.changed_by, (SELECT number FROM changes WHERE hash IS NULL) WHERE OLD.changed_by IS NOT (SELECT number FROM changes WHERE hash IS NULL); END;
CREATE TRIGGER line_lesions_history_stays BEFORE UPDATE ON line_lesions_history BEGIN SELECT RAISE(ABORT, 'this record is changed with remtrack only'); END;
CREATE TRIGGER line_lesions_history_is_kept BEFORE DELETE ON line_lesions_history BEGIN SELECT RAISE(ABORT, 'this record is changed with remtrack only'); END;
CREATE TRIGGER measurements_changed AFTER UPDATE OF visit_key, lesion_key, longest_mm, short_mm, state, other_key, method, reason, note, measured_on, changed_by ON measurements BEGIN INSERT INTO measurements_history (visit_key, lesion_key, longest_mm, short_mm, state, other_key, method, reason, note, measured_on, changed_by, replaced_by) SELECT OLD.visit_key, OLD.lesion_key, OLD.longest_mm, OLD.short_mm, OLD.state, OLD.other_key, OLD.method, OLD.reason, OLD.note, OLD.measured_on, OLD.changed_by, (SELECT number FROM changes WHERE hash IS NULL) WHERE OLD.changed_by IS NOT (SELECT number FROM changes WHERE hash IS NULL); END;
CREATE TRIGGER measurements_removed AFTER DELETE ON measurements BEGIN INSERT INTO measurements_history (visit_key, lesion_key, longest_mm, short_mm, state, other_key, method, reason, note, measured_on, changed_by, replaced_by) SELECT OLD.visit_key, OLD.lesion_key, OLD.longest_mm, OLD.short_mm, OLD.state, OLD.other_key, OLD.method, OLD.reason, OLD.note, OLD.measured_on, OLD.changed_by, (SELECT number FROM changes WHERE hash IS NULL) WHERE OLD.changed_by IS NOT (SELECT number FROM changes WHERE hash IS NULL); END;
CREATE TRIGGER measurements_history_stays BEFORE UPDATE ON measurements_history BEGIN SELECT RAISE(ABORT, 'this record is changed with remtrack only'); END;
CREATE TRIGGER measurements_history_is_kept BEFORE DELETE ON measurements_history BEGIN SELECT RAISE(ABORT, 'this record is changed with remtrack only'); END;
CREATE TRIGGER results_changed AFTER UPDATE OF visit_key, test, sampled_on, value, text, unit, upper_limit, note, changed_by ON results BEGIN INSERT INTO results_history (visit_key, test, sampled_on, value, text, unit, upper_limit, note, changed_by, replaced_by) SELECT OLD.visit_key, OLD.test, OLD.sampled_on, OLD.value, OLD.text, OLD.unit, OLD.upper_limit, OLD.note, OLD.changed_by, (SELECT number FROM changes WHERE hash IS NULL) WHERE OLD.changed_by IS NOT (SELECT number FROM changes WHERE hash IS NULL); END;
CREATE TRIGGER results_removed AFTER DELETE ON results BEGIN INSERT INTO results_history (visit_key, test, sampled_on, value, text, unit, upper_limit, note, changed_by, replaced_by) SELECT OLD.visit_key, OLD.test, OLD.sampled_on, OLD.value, OLD.text, OLD.unit, OLD.upper_limit, OLD.note, OLD.changed_by, (SELECT number FROM changes WHERE hash IS NULL) WHERE OLD.changed_by IS NOT (SELECT number FROM changes WHERE hash IS NULL); END;
CREATE TRIGGER results_history_stays BEFORE UPDATE ON results_history BEGIN SELECT RAISE(ABORT, 'this record is changed with remtrack only'); END;
CREATE TRIGGER results_history_is_kept BEFORE DELETE ON results_history BEGIN SELECT RAISE(ABORT, 'this record is changed with remtrack only'); END;
CREATE TRIGGER events_changed AFTER UPDATE OF event_key, patient_id, line, event_on, event, detail, changed_by ON events BEGIN INSERT INTO events_history (event_key, patient_id, line, event_on, event, detail, changed_by, replaced_by) SELECT OLD.event_key, OLD.patient_id, OLD.line, OLD.event_on, OLD.event, OLD.detail, OLD.changed_by, (SELECT number FROM changes WHERE hash IS NULL) WHERE OLD.changed_by IS NOT (SELECT number FROM changes WHERE hash IS NULL); END;
CREATE TRIGGER events_removed AFTER DELETE ON events BEGIN INSERT INTO events_history (event_key, patient_id, line, event_on, event, detail, changed_by, replaced_by) SELECT OLD.event_key, OLD.patient_id, OLD.line, OLD.event_on, OLD.event, OLD.detail, OLD.changed_by, (SELECT number FROM changes WHERE hash IS NULL) WHERE OLD.changed_by IS NOT (SELECT number FROM changes WHERE hash IS NULL); END;
CREATE TRIGGER events_history_stays BEFORE UPDATE ON events_history BEGIN SELECT RAISE(ABORT, 'this record is changed with remtrack only'); END;
CREATE TRIGGER events_history_is_kept BEFORE DELETE ON events_history BEGIN SELECT RAISE(ABORT, 'this record is changed with remtrack only'); END;
CREATE VIEW current_status AS
        SELECT c.patient_id, c.line, c.reader, c.criteria, p.disease, l.regimen, c.current, c.current_on, a.overall AS last_overall,
            c.best_response, c.progression_on, CAST(a.value AS REAL) AS value,
            CAST(c.baseline_value AS REAL) AS baseline_value, a.because, a.source, CASE WHEN c.facts_change = p.last_change THEN 'no' ELSE 'yes' END AS stale
        FROM courses AS c JOIN patients AS p ON p.patient_id = c.patient_id
        JOIN lines AS l ON l.patient_id = c.patient_id AND l.line = c.line
        LEFT JOIN assessments AS a ON a.patient_id = c.patient_id AND a.line = c.line AND a.reader = c.reader AND a.criteria = c.criteria AND a.visit_on =
            (SELECT max(visit_on) FROM assessments AS a WHERE a.patient_id = c.patient_id AND a.line = c.line AND a.reader = c.reader AND a.criteria = c.criteria);
CREATE VIEW response_timeline AS
        SELECT c.patient_id, c.line, c.reader, c.criteria, c.visit_on, c.visit, c.overall, c.reported, c.target, c.nontarget, c.new_lesion,
            CAST(c.value AS REAL) AS value, c.rule, c.because, c.source, CASE WHEN c.facts_change = p.last_change THEN 'no' ELSE 'yes' END AS stale
        FROM assessments AS c JOIN patients AS p ON p.patient_id = c.patient_id;
CREATE VIEW remissions AS
        SELECT c.patient_id, c.line, c.reader, c.criteria, c.word, c.category, c.began_on, c.confirmed_on, c.last_seen_on, c.ended_on, c.ended_by,
            c.days, c.lasted_month, c.lasted_on, c.settles_on, a.because, a.source, CASE WHEN c.facts_change = p.last_change THEN 'no' ELSE 'yes' END AS stale
        FROM episodes AS c JOIN patients AS p ON p.patient_id = c.patient_id
        LEFT JOIN assessments AS a ON a.patient_id = c.patient_id AND a.line = c.line AND a.reader = c.reader AND a.criteria = c.criteria AND a.visit_on =
            (SELECT min(visit_on) FROM assessments AS a WHERE a.patient_id = c.patient_id AND a.line = c.line AND a.reader = c.reader AND a.criteria = c.criteria AND a.dated_on >= c.began_on);
CREATE VIEW sum_of_diameters AS
        SELECT c.patient_id, c.line, c.reader, c.criteria, c.baseline_on AS visit_on, '' AS visit, CAST(c.baseline_value AS REAL) AS sum_mm,
            'yes' AS sum_complete, CAST(c.baseline_value AS REAL) AS baseline_sum_mm, NULL AS nadir_sum_mm,
            NULL AS change_from_baseline_pct, NULL AS change_from_nadir_pct, NULL AS change_from_nadir_mm,
            'baseline' AS because, '' AS source, CASE WHEN c.facts_change = p.last_change THEN 'no' ELSE 'yes' END AS stale
        FROM courses AS c JOIN patients AS p ON p.patient_id = c.patient_id
        WHERE EXISTS (SELECT 1 FROM assessments AS a WHERE a.patient_id = c.patient_id AND a.line = c.line AND a.reader = c.reader AND a.criteria = c.criteria AND a.baseline_sum_mm IS NOT NULL)
        UNION ALL
        SELECT c.patient_id, c.line, c.reader, c.criteria, a.visit_on, a.visit, CAST(a.sum_mm AS REAL), iif(a.sum_complete, 'yes', 'no'),
            CAST(a.baseline_sum_mm AS REAL) AS baseline_sum_mm, CAST(a.nadir_sum_mm AS REAL) AS nadir_sum_mm, CASE a.change_from_baseline_pct WHEN 'Infinity' THEN 9e999 ELSE round(CAST(a.change_from_baseline_pct AS REAL), 1) END AS change_from_baseline_pct, CASE a.change_from_nadir_pct WHEN 'Infinity' THEN 9e999 ELSE round(CAST(a.change_from_nadir_pct AS REAL), 1) END AS change_from_nadir_pct, CAST(a.change_from_nadir_mm AS REAL) AS change_from_nadir_mm, a.because, a.source, CASE WHEN c.facts_change = p.last_change THEN 'no' ELSE 'yes' END AS stale
        FROM courses AS c JOIN patients AS p ON p.patient_id = c.patient_id JOIN assessments AS a ON a.patient_id = c.patient_id AND a.line = c.line AND a.reader = c.reader AND a.criteria = c.criteria
        WHERE a.baseline_sum_mm IS NOT NULL;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('changes',16);
INSERT INTO "sqlite_sequence" VALUES('visits',10);
INSERT INTO "sqlite_sequence" VALUES('lesions',6);
INSERT INTO "sqlite_sequence" VALUES('events',1);
COMMIT;
